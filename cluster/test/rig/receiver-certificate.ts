/**
 * A certificate for `shop.example` that nobody trusts unless a test says so, valid until 2126. Made with
 * `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 36500
 *  -addext subjectAltName=DNS:shop.example`. Its key guards nothing.
 */
export const RECEIVER_NAME = "shop.example";
export const RECEIVER_CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBqDCCAU6gAwIBAgIUSFsXCxuoJuNg+FGfccB63swMyh8wCgYIKoZIzj0EAwIw
HDEaMBgGA1UEAwwRYSB0ZXN0J3MgcmVjZWl2ZXIwIBcNMjYxMTIzMDUwOTQyWhgP
MjEyNjEwMzAwNTA5NDJaMBwxGjAYBgNVBAMMEWEgdGVzdCdzIHJlY2VpdmVyMFkw
EwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE19P01bp/h9Vyhx0FoBCLJfOFK0UugugF
GnH6foDKOJfzZq6OK9Y/fOGqlG63ZOX2f3JvvCl2eQEgLmVSrv/68KNsMGowHQYD
VR0OBBYEFMYnD/nipsbA+MzjH7FrNPmtsRsLMB8GA1UdIwQYMBaAFMYnD/nipsbA
+MzjH7FrNPmtsRsLMA8GA1UdEwEB/wQFMAMBAf8wFwYDVR0RBBAwDoIMc2hvcC5l
eGFtcGxlMAoGCCqGSM49BAMCA0gAMEUCIGUzKhaFUd7KmR4H1l1XDnY4xfoKMBrk
jCSnTPAWDSzwAiEAmQzP7lZITWbGH6muyTNeq0EG9xgwV7CeyuW7kfu/EF4=
-----END CERTIFICATE-----
`;
export const RECEIVER_KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgZmLBfyufWBuWji/5
WfyyY7wRlMS6npfsCqg5T3A9OHmhRANCAATX0/TVun+H1XKHHQWgEIsl84UrRS6C
6AUacfp+gMo4l/Nmro4r1j984aqUbrdk5fZ/cm+8KXZ5ASAuZVKu//rw
-----END PRIVATE KEY-----
`;
