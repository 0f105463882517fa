/*eslint-disable block-scoped-var, id-length, no-control-regex, no-magic-numbers, no-mixed-operators, no-prototype-builtins, no-redeclare, no-shadow, no-var, sort-vars, default-case, jsdoc/require-param*/
import $protobuf from "protobufjs/minimal.js";

// Common aliases
const $Reader = $protobuf.Reader, $Writer = $protobuf.Writer, $util = $protobuf.util;
const $Object = $util.global.Object, $undefined = $util.global.undefined, $Error = $util.global.Error, $RangeError = $util.global.RangeError;

// Exported root namespace
const $root = $protobuf.roots["peer-envelopes"] || ($protobuf.roots["peer-envelopes"] = {});

export const Frame = $root.Frame = (() => {

    /**
     * Properties of a Frame.
     * @typedef {Object} Frame.$Properties
     * @property {Hello.$Properties|null} [hello] Frame hello
     * @property {Array.<Request.$Properties>|null} [requests] Frame requests
     * @property {Array.<Notice.$Properties>|null} [notices] Frame notices
     * @property {Array.<Fact.$Properties>|null} [facts] Frame facts
     * @property {Array.<Reply.$Properties>|null} [replies] Frame replies
     * @property {Array.<Refused.$Properties>|null} [refused] Frame refused
     * @property {Array.<Receipt.$Properties>|null} [receipts] Frame receipts
     * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
     */

    /**
     * Properties of a Frame.
     * @exports IFrame
     * @interface IFrame
     * @augments Frame.$Properties
     * @deprecated Use Frame.$Properties instead.
     */

    /**
     * Shape of a Frame.
     * @typedef {Frame.$Properties} Frame.$Shape
     */

    /**
     * Constructs a new Frame.
     * @exports Frame
     * @classdesc Represents a Frame.
     * @constructor
     * @param {Frame.$Properties=} [properties] Properties to set
     * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
     */
    const Frame = function (properties) {
        this.requests = [];
        this.notices = [];
        this.facts = [];
        this.replies = [];
        this.refused = [];
        this.receipts = [];
        if (properties)
            for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                if (properties[keys[i]] != null && keys[i] !== "__proto__")
                    this[keys[i]] = properties[keys[i]];
    };

    /**
     * Frame hello.
     * @member {Hello.$Properties|null|undefined} hello
     * @memberof Frame
     * @instance
     */
    Frame.prototype.hello = null;

    /**
     * Frame requests.
     * @member {Array.<Request.$Properties>} requests
     * @memberof Frame
     * @instance
     */
    Frame.prototype.requests = $util.emptyArray;

    /**
     * Frame notices.
     * @member {Array.<Notice.$Properties>} notices
     * @memberof Frame
     * @instance
     */
    Frame.prototype.notices = $util.emptyArray;

    /**
     * Frame facts.
     * @member {Array.<Fact.$Properties>} facts
     * @memberof Frame
     * @instance
     */
    Frame.prototype.facts = $util.emptyArray;

    /**
     * Frame replies.
     * @member {Array.<Reply.$Properties>} replies
     * @memberof Frame
     * @instance
     */
    Frame.prototype.replies = $util.emptyArray;

    /**
     * Frame refused.
     * @member {Array.<Refused.$Properties>} refused
     * @memberof Frame
     * @instance
     */
    Frame.prototype.refused = $util.emptyArray;

    /**
     * Frame receipts.
     * @member {Array.<Receipt.$Properties>} receipts
     * @memberof Frame
     * @instance
     */
    Frame.prototype.receipts = $util.emptyArray;

    /**
     * Encodes the specified Frame message. Does not implicitly {@link Frame.verify|verify} messages.
     * @function encode
     * @memberof Frame
     * @static
     * @param {Frame.$Properties} message Frame message or plain object to encode
     * @param {$protobuf.Writer} [writer] Writer to encode to
     * @returns {$protobuf.Writer} Writer
     */
    Frame.encode = function (message, writer, _depth) {
        if (!writer)
            writer = $Writer.create();
        if (_depth === $undefined)
            _depth = 0;
        if (_depth > $util.recursionLimit)
            throw $Error("max depth exceeded");
        if (message.hello != null && $Object.hasOwnProperty.call(message, "hello"))
            $root.Hello.encode(message.hello, writer.uint32(/* id 1, wireType 2 =*/10).fork(), _depth + 1).ldelim();
        if (message.requests != null && message.requests.length)
            for (let i = 0; i < message.requests.length; ++i)
                $root.Request.encode(message.requests[i], writer.uint32(/* id 2, wireType 2 =*/18).fork(), _depth + 1).ldelim();
        if (message.notices != null && message.notices.length)
            for (let i = 0; i < message.notices.length; ++i)
                $root.Notice.encode(message.notices[i], writer.uint32(/* id 3, wireType 2 =*/26).fork(), _depth + 1).ldelim();
        if (message.facts != null && message.facts.length)
            for (let i = 0; i < message.facts.length; ++i)
                $root.Fact.encode(message.facts[i], writer.uint32(/* id 4, wireType 2 =*/34).fork(), _depth + 1).ldelim();
        if (message.replies != null && message.replies.length)
            for (let i = 0; i < message.replies.length; ++i)
                $root.Reply.encode(message.replies[i], writer.uint32(/* id 5, wireType 2 =*/42).fork(), _depth + 1).ldelim();
        if (message.refused != null && message.refused.length)
            for (let i = 0; i < message.refused.length; ++i)
                $root.Refused.encode(message.refused[i], writer.uint32(/* id 6, wireType 2 =*/50).fork(), _depth + 1).ldelim();
        if (message.receipts != null && message.receipts.length)
            for (let i = 0; i < message.receipts.length; ++i)
                $root.Receipt.encode(message.receipts[i], writer.uint32(/* id 7, wireType 2 =*/58).fork(), _depth + 1).ldelim();
        if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
            for (let i = 0; i < message.$unknowns.length; ++i)
                writer.raw(message.$unknowns[i]);
        return writer;
    };

    /**
     * Decodes a Frame message from the specified reader or buffer.
     * @function decode
     * @memberof Frame
     * @static
     * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
     * @param {number} [length] Message length if known beforehand
     * @returns {Frame & Frame.$Shape} Frame
     * @throws {Error} If the payload is not a reader or valid buffer
     * @throws {$protobuf.util.ProtocolError} If required fields are missing
     */
    Frame.decode = function (reader, length, _end, _depth, _target) {
        if (!(reader instanceof $Reader))
            reader = $Reader.create(reader);
        if (_depth === $undefined)
            _depth = 0;
        if (_depth > $Reader.recursionLimit)
            throw $Error("max depth exceeded");
        let end, message, value;
        if (length === $undefined)
            end = reader.len;
        else {
            end = reader.pos + length;
            if (end > reader.len)
                throw $RangeError("index out of range");
            length = reader.len;
            reader.len = end;
        }
        message = _target || new $root.Frame();
        while (reader.pos < end) {
            let start = reader.pos;
            let tag = reader.tag();
            if (tag === _end) {
                _end = $undefined;
                break;
            }
            let wireType = tag & 7;
            switch (tag >>>= 3) {
            case 1: {
                    if (wireType !== 2)
                        break;
                    message.hello = $root.Hello.decode(reader, reader.size(), $undefined, _depth + 1, message.hello);
                    continue;
                }
            case 2: {
                    if (wireType !== 2)
                        break;
                    if (!(message.requests && message.requests.length))
                        message.requests = [];
                    message.requests.push($root.Request.decode(reader, reader.size(), $undefined, _depth + 1));
                    continue;
                }
            case 3: {
                    if (wireType !== 2)
                        break;
                    if (!(message.notices && message.notices.length))
                        message.notices = [];
                    message.notices.push($root.Notice.decode(reader, reader.size(), $undefined, _depth + 1));
                    continue;
                }
            case 4: {
                    if (wireType !== 2)
                        break;
                    if (!(message.facts && message.facts.length))
                        message.facts = [];
                    message.facts.push($root.Fact.decode(reader, reader.size(), $undefined, _depth + 1));
                    continue;
                }
            case 5: {
                    if (wireType !== 2)
                        break;
                    if (!(message.replies && message.replies.length))
                        message.replies = [];
                    message.replies.push($root.Reply.decode(reader, reader.size(), $undefined, _depth + 1));
                    continue;
                }
            case 6: {
                    if (wireType !== 2)
                        break;
                    if (!(message.refused && message.refused.length))
                        message.refused = [];
                    message.refused.push($root.Refused.decode(reader, reader.size(), $undefined, _depth + 1));
                    continue;
                }
            case 7: {
                    if (wireType !== 2)
                        break;
                    if (!(message.receipts && message.receipts.length))
                        message.receipts = [];
                    message.receipts.push($root.Receipt.decode(reader, reader.size(), $undefined, _depth + 1));
                    continue;
                }
            }
            reader.skipType(wireType, _depth, tag);
            if (!reader.discardUnknown) {
                $util.makeProp(message, "$unknowns", false);
                (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
            }
        }
        if (length !== $undefined) {
            if (reader.pos !== end)
                throw $RangeError("index out of range");
            reader.len = length;
        }
        if (_end !== $undefined)
            throw $Error("missing end group");
        return message;
    };

    return Frame;
})();

export const Hello = $root.Hello = (() => {

    /**
     * Properties of a Hello.
     * @typedef {Object} Hello.$Properties
     * @property {number|null} [major] Hello major
     * @property {number|null} [minor] Hello minor
     * @property {string|null} [node] Hello node
     * @property {string|null} [process] Hello process
     * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
     */

    /**
     * Properties of a Hello.
     * @exports IHello
     * @interface IHello
     * @augments Hello.$Properties
     * @deprecated Use Hello.$Properties instead.
     */

    /**
     * Shape of a Hello.
     * @typedef {Hello.$Properties} Hello.$Shape
     */

    /**
     * Constructs a new Hello.
     * @exports Hello
     * @classdesc Represents a Hello.
     * @constructor
     * @param {Hello.$Properties=} [properties] Properties to set
     * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
     */
    const Hello = function (properties) {
        if (properties)
            for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                if (properties[keys[i]] != null && keys[i] !== "__proto__")
                    this[keys[i]] = properties[keys[i]];
    };

    /**
     * Hello major.
     * @member {number} major
     * @memberof Hello
     * @instance
     */
    Hello.prototype.major = 0;

    /**
     * Hello minor.
     * @member {number} minor
     * @memberof Hello
     * @instance
     */
    Hello.prototype.minor = 0;

    /**
     * Hello node.
     * @member {string} node
     * @memberof Hello
     * @instance
     */
    Hello.prototype.node = "";

    /**
     * Hello process.
     * @member {string} process
     * @memberof Hello
     * @instance
     */
    Hello.prototype.process = "";

    /**
     * Encodes the specified Hello message. Does not implicitly {@link Hello.verify|verify} messages.
     * @function encode
     * @memberof Hello
     * @static
     * @param {Hello.$Properties} message Hello message or plain object to encode
     * @param {$protobuf.Writer} [writer] Writer to encode to
     * @returns {$protobuf.Writer} Writer
     */
    Hello.encode = function (message, writer, _depth) {
        if (!writer)
            writer = $Writer.create();
        if (_depth === $undefined)
            _depth = 0;
        if (_depth > $util.recursionLimit)
            throw $Error("max depth exceeded");
        if (message.major != null && $Object.hasOwnProperty.call(message, "major") && message.major !== 0)
            writer.uint32(/* id 1, wireType 0 =*/8).uint32(message.major);
        if (message.minor != null && $Object.hasOwnProperty.call(message, "minor") && message.minor !== 0)
            writer.uint32(/* id 2, wireType 0 =*/16).uint32(message.minor);
        if (message.node != null && $Object.hasOwnProperty.call(message, "node") && message.node !== "")
            writer.uint32(/* id 3, wireType 2 =*/26).string(message.node);
        if (message.process != null && $Object.hasOwnProperty.call(message, "process") && message.process !== "")
            writer.uint32(/* id 4, wireType 2 =*/34).string(message.process);
        if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
            for (let i = 0; i < message.$unknowns.length; ++i)
                writer.raw(message.$unknowns[i]);
        return writer;
    };

    /**
     * Decodes a Hello message from the specified reader or buffer.
     * @function decode
     * @memberof Hello
     * @static
     * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
     * @param {number} [length] Message length if known beforehand
     * @returns {Hello & Hello.$Shape} Hello
     * @throws {Error} If the payload is not a reader or valid buffer
     * @throws {$protobuf.util.ProtocolError} If required fields are missing
     */
    Hello.decode = function (reader, length, _end, _depth, _target) {
        if (!(reader instanceof $Reader))
            reader = $Reader.create(reader);
        if (_depth === $undefined)
            _depth = 0;
        if (_depth > $Reader.recursionLimit)
            throw $Error("max depth exceeded");
        let end, message, value;
        if (length === $undefined)
            end = reader.len;
        else {
            end = reader.pos + length;
            if (end > reader.len)
                throw $RangeError("index out of range");
            length = reader.len;
            reader.len = end;
        }
        message = _target || new $root.Hello();
        while (reader.pos < end) {
            let start = reader.pos;
            let tag = reader.tag();
            if (tag === _end) {
                _end = $undefined;
                break;
            }
            let wireType = tag & 7;
            switch (tag >>>= 3) {
            case 1: {
                    if (wireType !== 0)
                        break;
                    if (value = reader.uint32())
                        message.major = value;
                    else
                        delete message.major;
                    continue;
                }
            case 2: {
                    if (wireType !== 0)
                        break;
                    if (value = reader.uint32())
                        message.minor = value;
                    else
                        delete message.minor;
                    continue;
                }
            case 3: {
                    if (wireType !== 2)
                        break;
                    if ((value = reader.stringVerify()).length)
                        message.node = value;
                    else
                        delete message.node;
                    continue;
                }
            case 4: {
                    if (wireType !== 2)
                        break;
                    if ((value = reader.stringVerify()).length)
                        message.process = value;
                    else
                        delete message.process;
                    continue;
                }
            }
            reader.skipType(wireType, _depth, tag);
            if (!reader.discardUnknown) {
                $util.makeProp(message, "$unknowns", false);
                (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
            }
        }
        if (length !== $undefined) {
            if (reader.pos !== end)
                throw $RangeError("index out of range");
            reader.len = length;
        }
        if (_end !== $undefined)
            throw $Error("missing end group");
        return message;
    };

    return Hello;
})();

/**
 * RequestKind enum.
 * @name RequestKind
 * @enum {number}
 * @property {number} REQUEST_KIND_UNSPECIFIED=0 REQUEST_KIND_UNSPECIFIED value
 * @property {number} CREATE_PAYMENT=1 CREATE_PAYMENT value
 * @property {number} GET_PAYMENT=2 GET_PAYMENT value
 * @property {number} CAPTURE=3 CAPTURE value
 * @property {number} CANCEL=4 CANCEL value
 * @property {number} REFUND=5 REFUND value
 * @property {number} READ=6 READ value
 * @property {number} COUNT=7 COUNT value
 * @property {number} CREATE_ENDPOINT=8 CREATE_ENDPOINT value
 * @property {number} ROTATE_ENDPOINT_SECRET=9 ROTATE_ENDPOINT_SECRET value
 * @property {number} RESEND_EVENT=10 RESEND_EVENT value
 * @property {number} DELETE_ENDPOINT=11 DELETE_ENDPOINT value
 */
export const RequestKind = $root.RequestKind = (() => {
    const valuesById = $Object.create(null), values = $Object.create(valuesById);
    values[valuesById[0] = "REQUEST_KIND_UNSPECIFIED"] = 0;
    values[valuesById[1] = "CREATE_PAYMENT"] = 1;
    values[valuesById[2] = "GET_PAYMENT"] = 2;
    values[valuesById[3] = "CAPTURE"] = 3;
    values[valuesById[4] = "CANCEL"] = 4;
    values[valuesById[5] = "REFUND"] = 5;
    values[valuesById[6] = "READ"] = 6;
    values[valuesById[7] = "COUNT"] = 7;
    values[valuesById[8] = "CREATE_ENDPOINT"] = 8;
    values[valuesById[9] = "ROTATE_ENDPOINT_SECRET"] = 9;
    values[valuesById[10] = "RESEND_EVENT"] = 10;
    values[valuesById[11] = "DELETE_ENDPOINT"] = 11;
    return values;
})();

export const Request = $root.Request = (() => {

    /**
     * Properties of a Request.
     * @typedef {Object} Request.$Properties
     * @property {number|null} [ticket] Request ticket
     * @property {number|null} [shard] Request shard
     * @property {number|Long|null} [generation] Request generation
     * @property {RequestKind|null} [kind] Request kind
     * @property {string|null} [requestId] Request requestId
     * @property {string|null} [merchantId] Request merchantId
     * @property {number|null} [receivedAgeMs] Request receivedAgeMs
     * @property {number|null} [handedOverAgeMs] Request handedOverAgeMs
     * @property {string|null} [idempotencyKey] Request idempotencyKey
     * @property {Uint8Array|null} [body] Request body
     * @property {string|null} [subjectId] Request subjectId
     * @property {Query.$Properties|null} [query] Request query
     * @property {number|null} [hops] Request hops
     * @property {number|null} [leftMs] Request leftMs
     * @property {RateState.$Properties|null} [rate] Request rate
     * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
     */

    /**
     * Properties of a Request.
     * @exports IRequest
     * @interface IRequest
     * @augments Request.$Properties
     * @deprecated Use Request.$Properties instead.
     */

    /**
     * Shape of a Request.
     * @typedef {Request.$Properties} Request.$Shape
     */

    /**
     * Constructs a new Request.
     * @exports Request
     * @classdesc Represents a Request.
     * @constructor
     * @param {Request.$Properties=} [properties] Properties to set
     * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
     */
    const Request = function (properties) {
        if (properties)
            for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                if (properties[keys[i]] != null && keys[i] !== "__proto__")
                    this[keys[i]] = properties[keys[i]];
    };

    /**
     * Request ticket.
     * @member {number} ticket
     * @memberof Request
     * @instance
     */
    Request.prototype.ticket = 0;

    /**
     * Request shard.
     * @member {number} shard
     * @memberof Request
     * @instance
     */
    Request.prototype.shard = 0;

    /**
     * Request generation.
     * @member {number|Long} generation
     * @memberof Request
     * @instance
     */
    Request.prototype.generation = $util.Long ? $util.Long.fromBits(0,0,false) : 0;

    /**
     * Request kind.
     * @member {RequestKind} kind
     * @memberof Request
     * @instance
     */
    Request.prototype.kind = 0;

    /**
     * Request requestId.
     * @member {string} requestId
     * @memberof Request
     * @instance
     */
    Request.prototype.requestId = "";

    /**
     * Request merchantId.
     * @member {string} merchantId
     * @memberof Request
     * @instance
     */
    Request.prototype.merchantId = "";

    /**
     * Request receivedAgeMs.
     * @member {number} receivedAgeMs
     * @memberof Request
     * @instance
     */
    Request.prototype.receivedAgeMs = 0;

    /**
     * Request handedOverAgeMs.
     * @member {number} handedOverAgeMs
     * @memberof Request
     * @instance
     */
    Request.prototype.handedOverAgeMs = 0;

    /**
     * Request idempotencyKey.
     * @member {string} idempotencyKey
     * @memberof Request
     * @instance
     */
    Request.prototype.idempotencyKey = "";

    /**
     * Request body.
     * @member {Uint8Array} body
     * @memberof Request
     * @instance
     */
    Request.prototype.body = $util.newBuffer([]);

    /**
     * Request subjectId.
     * @member {string} subjectId
     * @memberof Request
     * @instance
     */
    Request.prototype.subjectId = "";

    /**
     * Request query.
     * @member {Query.$Properties|null|undefined} query
     * @memberof Request
     * @instance
     */
    Request.prototype.query = null;

    /**
     * Request hops.
     * @member {number} hops
     * @memberof Request
     * @instance
     */
    Request.prototype.hops = 0;

    /**
     * Request leftMs.
     * @member {number} leftMs
     * @memberof Request
     * @instance
     */
    Request.prototype.leftMs = 0;

    /**
     * Request rate.
     * @member {RateState.$Properties|null|undefined} rate
     * @memberof Request
     * @instance
     */
    Request.prototype.rate = null;

    /**
     * Encodes the specified Request message. Does not implicitly {@link Request.verify|verify} messages.
     * @function encode
     * @memberof Request
     * @static
     * @param {Request.$Properties} message Request message or plain object to encode
     * @param {$protobuf.Writer} [writer] Writer to encode to
     * @returns {$protobuf.Writer} Writer
     */
    Request.encode = function (message, writer, _depth) {
        if (!writer)
            writer = $Writer.create();
        if (_depth === $undefined)
            _depth = 0;
        if (_depth > $util.recursionLimit)
            throw $Error("max depth exceeded");
        if (message.ticket != null && $Object.hasOwnProperty.call(message, "ticket") && !$Object.is(message.ticket, 0))
            writer.uint32(/* id 1, wireType 1 =*/9).double(message.ticket);
        if (message.shard != null && $Object.hasOwnProperty.call(message, "shard") && message.shard !== 0)
            writer.uint32(/* id 2, wireType 0 =*/16).uint32(message.shard);
        if (message.generation != null && $Object.hasOwnProperty.call(message, "generation") && (typeof message.generation === "object" ? message.generation.low || message.generation.high : message.generation !== 0))
            writer.uint32(/* id 3, wireType 0 =*/24).int64(message.generation);
        if (message.kind != null && $Object.hasOwnProperty.call(message, "kind") && message.kind !== 0)
            writer.uint32(/* id 4, wireType 0 =*/32).int32(message.kind);
        if (message.requestId != null && $Object.hasOwnProperty.call(message, "requestId") && message.requestId !== "")
            writer.uint32(/* id 5, wireType 2 =*/42).string(message.requestId);
        if (message.merchantId != null && $Object.hasOwnProperty.call(message, "merchantId") && message.merchantId !== "")
            writer.uint32(/* id 6, wireType 2 =*/50).string(message.merchantId);
        if (message.receivedAgeMs != null && $Object.hasOwnProperty.call(message, "receivedAgeMs") && !$Object.is(message.receivedAgeMs, 0))
            writer.uint32(/* id 7, wireType 1 =*/57).double(message.receivedAgeMs);
        if (message.handedOverAgeMs != null && $Object.hasOwnProperty.call(message, "handedOverAgeMs") && !$Object.is(message.handedOverAgeMs, 0))
            writer.uint32(/* id 8, wireType 1 =*/65).double(message.handedOverAgeMs);
        if (message.idempotencyKey != null && $Object.hasOwnProperty.call(message, "idempotencyKey") && message.idempotencyKey !== "")
            writer.uint32(/* id 9, wireType 2 =*/74).string(message.idempotencyKey);
        if (message.body != null && $Object.hasOwnProperty.call(message, "body") && message.body.length)
            writer.uint32(/* id 10, wireType 2 =*/82).bytes(message.body);
        if (message.subjectId != null && $Object.hasOwnProperty.call(message, "subjectId") && message.subjectId !== "")
            writer.uint32(/* id 11, wireType 2 =*/90).string(message.subjectId);
        if (message.query != null && $Object.hasOwnProperty.call(message, "query"))
            $root.Query.encode(message.query, writer.uint32(/* id 12, wireType 2 =*/98).fork(), _depth + 1).ldelim();
        if (message.hops != null && $Object.hasOwnProperty.call(message, "hops") && message.hops !== 0)
            writer.uint32(/* id 13, wireType 0 =*/104).uint32(message.hops);
        if (message.leftMs != null && $Object.hasOwnProperty.call(message, "leftMs") && !$Object.is(message.leftMs, 0))
            writer.uint32(/* id 14, wireType 1 =*/113).double(message.leftMs);
        if (message.rate != null && $Object.hasOwnProperty.call(message, "rate"))
            $root.RateState.encode(message.rate, writer.uint32(/* id 15, wireType 2 =*/122).fork(), _depth + 1).ldelim();
        if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
            for (let i = 0; i < message.$unknowns.length; ++i)
                writer.raw(message.$unknowns[i]);
        return writer;
    };

    /**
     * Decodes a Request message from the specified reader or buffer.
     * @function decode
     * @memberof Request
     * @static
     * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
     * @param {number} [length] Message length if known beforehand
     * @returns {Request & Request.$Shape} Request
     * @throws {Error} If the payload is not a reader or valid buffer
     * @throws {$protobuf.util.ProtocolError} If required fields are missing
     */
    Request.decode = function (reader, length, _end, _depth, _target) {
        if (!(reader instanceof $Reader))
            reader = $Reader.create(reader);
        if (_depth === $undefined)
            _depth = 0;
        if (_depth > $Reader.recursionLimit)
            throw $Error("max depth exceeded");
        let end, message, value;
        if (length === $undefined)
            end = reader.len;
        else {
            end = reader.pos + length;
            if (end > reader.len)
                throw $RangeError("index out of range");
            length = reader.len;
            reader.len = end;
        }
        message = _target || new $root.Request();
        while (reader.pos < end) {
            let start = reader.pos;
            let tag = reader.tag();
            if (tag === _end) {
                _end = $undefined;
                break;
            }
            let wireType = tag & 7;
            switch (tag >>>= 3) {
            case 1: {
                    if (wireType !== 1)
                        break;
                    if (!$Object.is(value = reader.double(), 0))
                        message.ticket = value;
                    else
                        delete message.ticket;
                    continue;
                }
            case 2: {
                    if (wireType !== 0)
                        break;
                    if (value = reader.uint32())
                        message.shard = value;
                    else
                        delete message.shard;
                    continue;
                }
            case 3: {
                    if (wireType !== 0)
                        break;
                    if (typeof (value = reader.int64()) === "object" ? value.low || value.high : value !== 0)
                        message.generation = value;
                    else
                        delete message.generation;
                    continue;
                }
            case 4: {
                    if (wireType !== 0)
                        break;
                    if (value = reader.int32())
                        message.kind = value;
                    else
                        delete message.kind;
                    continue;
                }
            case 5: {
                    if (wireType !== 2)
                        break;
                    if ((value = reader.stringVerify()).length)
                        message.requestId = value;
                    else
                        delete message.requestId;
                    continue;
                }
            case 6: {
                    if (wireType !== 2)
                        break;
                    if ((value = reader.stringVerify()).length)
                        message.merchantId = value;
                    else
                        delete message.merchantId;
                    continue;
                }
            case 7: {
                    if (wireType !== 1)
                        break;
                    if (!$Object.is(value = reader.double(), 0))
                        message.receivedAgeMs = value;
                    else
                        delete message.receivedAgeMs;
                    continue;
                }
            case 8: {
                    if (wireType !== 1)
                        break;
                    if (!$Object.is(value = reader.double(), 0))
                        message.handedOverAgeMs = value;
                    else
                        delete message.handedOverAgeMs;
                    continue;
                }
            case 9: {
                    if (wireType !== 2)
                        break;
                    if ((value = reader.stringVerify()).length)
                        message.idempotencyKey = value;
                    else
                        delete message.idempotencyKey;
                    continue;
                }
            case 10: {
                    if (wireType !== 2)
                        break;
                    if ((value = reader.bytes()).length)
                        message.body = value;
                    else
                        delete message.body;
                    continue;
                }
            case 11: {
                    if (wireType !== 2)
                        break;
                    if ((value = reader.stringVerify()).length)
                        message.subjectId = value;
                    else
                        delete message.subjectId;
                    continue;
                }
            case 12: {
                    if (wireType !== 2)
                        break;
                    message.query = $root.Query.decode(reader, reader.size(), $undefined, _depth + 1, message.query);
                    continue;
                }
            case 13: {
                    if (wireType !== 0)
                        break;
                    if (value = reader.uint32())
                        message.hops = value;
                    else
                        delete message.hops;
                    continue;
                }
            case 14: {
                    if (wireType !== 1)
                        break;
                    if (!$Object.is(value = reader.double(), 0))
                        message.leftMs = value;
                    else
                        delete message.leftMs;
                    continue;
                }
            case 15: {
                    if (wireType !== 2)
                        break;
                    message.rate = $root.RateState.decode(reader, reader.size(), $undefined, _depth + 1, message.rate);
                    continue;
                }
            }
            reader.skipType(wireType, _depth, tag);
            if (!reader.discardUnknown) {
                $util.makeProp(message, "$unknowns", false);
                (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
            }
        }
        if (length !== $undefined) {
            if (reader.pos !== end)
                throw $RangeError("index out of range");
            reader.len = length;
        }
        if (_end !== $undefined)
            throw $Error("missing end group");
        return message;
    };

    return Request;
})();

export const RateState = $root.RateState = (() => {

    /**
     * Properties of a RateState.
     * @typedef {Object} RateState.$Properties
     * @property {number|null} [limit] RateState limit
     * @property {number|null} [remaining] RateState remaining
     * @property {number|null} [resetMs] RateState resetMs
     * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
     */

    /**
     * Properties of a RateState.
     * @exports IRateState
     * @interface IRateState
     * @augments RateState.$Properties
     * @deprecated Use RateState.$Properties instead.
     */

    /**
     * Shape of a RateState.
     * @typedef {RateState.$Properties} RateState.$Shape
     */

    /**
     * Constructs a new RateState.
     * @exports RateState
     * @classdesc Represents a RateState.
     * @constructor
     * @param {RateState.$Properties=} [properties] Properties to set
     * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
     */
    const RateState = function (properties) {
        if (properties)
            for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                if (properties[keys[i]] != null && keys[i] !== "__proto__")
                    this[keys[i]] = properties[keys[i]];
    };

    /**
     * RateState limit.
     * @member {number} limit
     * @memberof RateState
     * @instance
     */
    RateState.prototype.limit = 0;

    /**
     * RateState remaining.
     * @member {number} remaining
     * @memberof RateState
     * @instance
     */
    RateState.prototype.remaining = 0;

    /**
     * RateState resetMs.
     * @member {number} resetMs
     * @memberof RateState
     * @instance
     */
    RateState.prototype.resetMs = 0;

    /**
     * Encodes the specified RateState message. Does not implicitly {@link RateState.verify|verify} messages.
     * @function encode
     * @memberof RateState
     * @static
     * @param {RateState.$Properties} message RateState message or plain object to encode
     * @param {$protobuf.Writer} [writer] Writer to encode to
     * @returns {$protobuf.Writer} Writer
     */
    RateState.encode = function (message, writer, _depth) {
        if (!writer)
            writer = $Writer.create();
        if (_depth === $undefined)
            _depth = 0;
        if (_depth > $util.recursionLimit)
            throw $Error("max depth exceeded");
        if (message.limit != null && $Object.hasOwnProperty.call(message, "limit") && !$Object.is(message.limit, 0))
            writer.uint32(/* id 1, wireType 1 =*/9).double(message.limit);
        if (message.remaining != null && $Object.hasOwnProperty.call(message, "remaining") && !$Object.is(message.remaining, 0))
            writer.uint32(/* id 2, wireType 1 =*/17).double(message.remaining);
        if (message.resetMs != null && $Object.hasOwnProperty.call(message, "resetMs") && !$Object.is(message.resetMs, 0))
            writer.uint32(/* id 3, wireType 1 =*/25).double(message.resetMs);
        if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
            for (let i = 0; i < message.$unknowns.length; ++i)
                writer.raw(message.$unknowns[i]);
        return writer;
    };

    /**
     * Decodes a RateState message from the specified reader or buffer.
     * @function decode
     * @memberof RateState
     * @static
     * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
     * @param {number} [length] Message length if known beforehand
     * @returns {RateState & RateState.$Shape} RateState
     * @throws {Error} If the payload is not a reader or valid buffer
     * @throws {$protobuf.util.ProtocolError} If required fields are missing
     */
    RateState.decode = function (reader, length, _end, _depth, _target) {
        if (!(reader instanceof $Reader))
            reader = $Reader.create(reader);
        if (_depth === $undefined)
            _depth = 0;
        if (_depth > $Reader.recursionLimit)
            throw $Error("max depth exceeded");
        let end, message, value;
        if (length === $undefined)
            end = reader.len;
        else {
            end = reader.pos + length;
            if (end > reader.len)
                throw $RangeError("index out of range");
            length = reader.len;
            reader.len = end;
        }
        message = _target || new $root.RateState();
        while (reader.pos < end) {
            let start = reader.pos;
            let tag = reader.tag();
            if (tag === _end) {
                _end = $undefined;
                break;
            }
            let wireType = tag & 7;
            switch (tag >>>= 3) {
            case 1: {
                    if (wireType !== 1)
                        break;
                    if (!$Object.is(value = reader.double(), 0))
                        message.limit = value;
                    else
                        delete message.limit;
                    continue;
                }
            case 2: {
                    if (wireType !== 1)
                        break;
                    if (!$Object.is(value = reader.double(), 0))
                        message.remaining = value;
                    else
                        delete message.remaining;
                    continue;
                }
            case 3: {
                    if (wireType !== 1)
                        break;
                    if (!$Object.is(value = reader.double(), 0))
                        message.resetMs = value;
                    else
                        delete message.resetMs;
                    continue;
                }
            }
            reader.skipType(wireType, _depth, tag);
            if (!reader.discardUnknown) {
                $util.makeProp(message, "$unknowns", false);
                (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
            }
        }
        if (length !== $undefined) {
            if (reader.pos !== end)
                throw $RangeError("index out of range");
            reader.len = length;
        }
        if (_end !== $undefined)
            throw $Error("missing end group");
        return message;
    };

    return RateState;
})();

export const Query = $root.Query = (() => {

    /**
     * Properties of a Query.
     * @typedef {Object} Query.$Properties
     * @property {string|null} [name] Query name
     * @property {string|null} [subject] Query subject
     * @property {PaymentsFilter.$Properties|null} [filter] Query filter
     * @property {number|null} [limit] Query limit
     * @property {Cursor.$Properties|null} [after] Query after
     * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
     */

    /**
     * Properties of a Query.
     * @exports IQuery
     * @interface IQuery
     * @augments Query.$Properties
     * @deprecated Use Query.$Properties instead.
     */

    /**
     * Shape of a Query.
     * @typedef {Query.$Properties} Query.$Shape
     */

    /**
     * Constructs a new Query.
     * @exports Query
     * @classdesc Represents a Query.
     * @constructor
     * @param {Query.$Properties=} [properties] Properties to set
     * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
     */
    const Query = function (properties) {
        if (properties)
            for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                if (properties[keys[i]] != null && keys[i] !== "__proto__")
                    this[keys[i]] = properties[keys[i]];
    };

    /**
     * Query name.
     * @member {string} name
     * @memberof Query
     * @instance
     */
    Query.prototype.name = "";

    /**
     * Query subject.
     * @member {string} subject
     * @memberof Query
     * @instance
     */
    Query.prototype.subject = "";

    /**
     * Query filter.
     * @member {PaymentsFilter.$Properties|null|undefined} filter
     * @memberof Query
     * @instance
     */
    Query.prototype.filter = null;

    /**
     * Query limit.
     * @member {number} limit
     * @memberof Query
     * @instance
     */
    Query.prototype.limit = 0;

    /**
     * Query after.
     * @member {Cursor.$Properties|null|undefined} after
     * @memberof Query
     * @instance
     */
    Query.prototype.after = null;

    /**
     * Encodes the specified Query message. Does not implicitly {@link Query.verify|verify} messages.
     * @function encode
     * @memberof Query
     * @static
     * @param {Query.$Properties} message Query message or plain object to encode
     * @param {$protobuf.Writer} [writer] Writer to encode to
     * @returns {$protobuf.Writer} Writer
     */
    Query.encode = function (message, writer, _depth) {
        if (!writer)
            writer = $Writer.create();
        if (_depth === $undefined)
            _depth = 0;
        if (_depth > $util.recursionLimit)
            throw $Error("max depth exceeded");
        if (message.name != null && $Object.hasOwnProperty.call(message, "name") && message.name !== "")
            writer.uint32(/* id 1, wireType 2 =*/10).string(message.name);
        if (message.subject != null && $Object.hasOwnProperty.call(message, "subject") && message.subject !== "")
            writer.uint32(/* id 2, wireType 2 =*/18).string(message.subject);
        if (message.filter != null && $Object.hasOwnProperty.call(message, "filter"))
            $root.PaymentsFilter.encode(message.filter, writer.uint32(/* id 3, wireType 2 =*/26).fork(), _depth + 1).ldelim();
        if (message.limit != null && $Object.hasOwnProperty.call(message, "limit") && message.limit !== 0)
            writer.uint32(/* id 4, wireType 0 =*/32).uint32(message.limit);
        if (message.after != null && $Object.hasOwnProperty.call(message, "after"))
            $root.Cursor.encode(message.after, writer.uint32(/* id 5, wireType 2 =*/42).fork(), _depth + 1).ldelim();
        if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
            for (let i = 0; i < message.$unknowns.length; ++i)
                writer.raw(message.$unknowns[i]);
        return writer;
    };

    /**
     * Decodes a Query message from the specified reader or buffer.
     * @function decode
     * @memberof Query
     * @static
     * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
     * @param {number} [length] Message length if known beforehand
     * @returns {Query & Query.$Shape} Query
     * @throws {Error} If the payload is not a reader or valid buffer
     * @throws {$protobuf.util.ProtocolError} If required fields are missing
     */
    Query.decode = function (reader, length, _end, _depth, _target) {
        if (!(reader instanceof $Reader))
            reader = $Reader.create(reader);
        if (_depth === $undefined)
            _depth = 0;
        if (_depth > $Reader.recursionLimit)
            throw $Error("max depth exceeded");
        let end, message, value;
        if (length === $undefined)
            end = reader.len;
        else {
            end = reader.pos + length;
            if (end > reader.len)
                throw $RangeError("index out of range");
            length = reader.len;
            reader.len = end;
        }
        message = _target || new $root.Query();
        while (reader.pos < end) {
            let start = reader.pos;
            let tag = reader.tag();
            if (tag === _end) {
                _end = $undefined;
                break;
            }
            let wireType = tag & 7;
            switch (tag >>>= 3) {
            case 1: {
                    if (wireType !== 2)
                        break;
                    if ((value = reader.stringVerify()).length)
                        message.name = value;
                    else
                        delete message.name;
                    continue;
                }
            case 2: {
                    if (wireType !== 2)
                        break;
                    if ((value = reader.stringVerify()).length)
                        message.subject = value;
                    else
                        delete message.subject;
                    continue;
                }
            case 3: {
                    if (wireType !== 2)
                        break;
                    message.filter = $root.PaymentsFilter.decode(reader, reader.size(), $undefined, _depth + 1, message.filter);
                    continue;
                }
            case 4: {
                    if (wireType !== 0)
                        break;
                    if (value = reader.uint32())
                        message.limit = value;
                    else
                        delete message.limit;
                    continue;
                }
            case 5: {
                    if (wireType !== 2)
                        break;
                    message.after = $root.Cursor.decode(reader, reader.size(), $undefined, _depth + 1, message.after);
                    continue;
                }
            }
            reader.skipType(wireType, _depth, tag);
            if (!reader.discardUnknown) {
                $util.makeProp(message, "$unknowns", false);
                (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
            }
        }
        if (length !== $undefined) {
            if (reader.pos !== end)
                throw $RangeError("index out of range");
            reader.len = length;
        }
        if (_end !== $undefined)
            throw $Error("missing end group");
        return message;
    };

    return Query;
})();

export const PaymentsFilter = $root.PaymentsFilter = (() => {

    /**
     * Properties of a PaymentsFilter.
     * @typedef {Object} PaymentsFilter.$Properties
     * @property {string|null} [status] PaymentsFilter status
     * @property {number|null} [createdFromMs] PaymentsFilter createdFromMs
     * @property {number|null} [createdBeforeMs] PaymentsFilter createdBeforeMs
     * @property {string|null} [merchantReference] PaymentsFilter merchantReference
     * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
     */

    /**
     * Properties of a PaymentsFilter.
     * @exports IPaymentsFilter
     * @interface IPaymentsFilter
     * @augments PaymentsFilter.$Properties
     * @deprecated Use PaymentsFilter.$Properties instead.
     */

    /**
     * Shape of a PaymentsFilter.
     * @typedef {PaymentsFilter.$Properties} PaymentsFilter.$Shape
     */

    /**
     * Constructs a new PaymentsFilter.
     * @exports PaymentsFilter
     * @classdesc Represents a PaymentsFilter.
     * @constructor
     * @param {PaymentsFilter.$Properties=} [properties] Properties to set
     * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
     */
    const PaymentsFilter = function (properties) {
        if (properties)
            for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                if (properties[keys[i]] != null && keys[i] !== "__proto__")
                    this[keys[i]] = properties[keys[i]];
    };

    /**
     * PaymentsFilter status.
     * @member {string|null|undefined} status
     * @memberof PaymentsFilter
     * @instance
     */
    PaymentsFilter.prototype.status = null;

    /**
     * PaymentsFilter createdFromMs.
     * @member {number|null|undefined} createdFromMs
     * @memberof PaymentsFilter
     * @instance
     */
    PaymentsFilter.prototype.createdFromMs = null;

    /**
     * PaymentsFilter createdBeforeMs.
     * @member {number|null|undefined} createdBeforeMs
     * @memberof PaymentsFilter
     * @instance
     */
    PaymentsFilter.prototype.createdBeforeMs = null;

    /**
     * PaymentsFilter merchantReference.
     * @member {string|null|undefined} merchantReference
     * @memberof PaymentsFilter
     * @instance
     */
    PaymentsFilter.prototype.merchantReference = null;

    // OneOf field names bound to virtual getters and setters
    let $oneOfFields;

    // Virtual OneOf for proto3 optional field
    $Object.defineProperty(PaymentsFilter.prototype, "_status", {
        get: $util.oneOfGetter($oneOfFields = ["status"]),
        set: $util.oneOfSetter($oneOfFields)
    });

    // Virtual OneOf for proto3 optional field
    $Object.defineProperty(PaymentsFilter.prototype, "_createdFromMs", {
        get: $util.oneOfGetter($oneOfFields = ["createdFromMs"]),
        set: $util.oneOfSetter($oneOfFields)
    });

    // Virtual OneOf for proto3 optional field
    $Object.defineProperty(PaymentsFilter.prototype, "_createdBeforeMs", {
        get: $util.oneOfGetter($oneOfFields = ["createdBeforeMs"]),
        set: $util.oneOfSetter($oneOfFields)
    });

    // Virtual OneOf for proto3 optional field
    $Object.defineProperty(PaymentsFilter.prototype, "_merchantReference", {
        get: $util.oneOfGetter($oneOfFields = ["merchantReference"]),
        set: $util.oneOfSetter($oneOfFields)
    });

    /**
     * Encodes the specified PaymentsFilter message. Does not implicitly {@link PaymentsFilter.verify|verify} messages.
     * @function encode
     * @memberof PaymentsFilter
     * @static
     * @param {PaymentsFilter.$Properties} message PaymentsFilter message or plain object to encode
     * @param {$protobuf.Writer} [writer] Writer to encode to
     * @returns {$protobuf.Writer} Writer
     */
    PaymentsFilter.encode = function (message, writer, _depth) {
        if (!writer)
            writer = $Writer.create();
        if (_depth === $undefined)
            _depth = 0;
        if (_depth > $util.recursionLimit)
            throw $Error("max depth exceeded");
        if (message.status != null && $Object.hasOwnProperty.call(message, "status"))
            writer.uint32(/* id 1, wireType 2 =*/10).string(message.status);
        if (message.createdFromMs != null && $Object.hasOwnProperty.call(message, "createdFromMs"))
            writer.uint32(/* id 2, wireType 1 =*/17).double(message.createdFromMs);
        if (message.createdBeforeMs != null && $Object.hasOwnProperty.call(message, "createdBeforeMs"))
            writer.uint32(/* id 3, wireType 1 =*/25).double(message.createdBeforeMs);
        if (message.merchantReference != null && $Object.hasOwnProperty.call(message, "merchantReference"))
            writer.uint32(/* id 4, wireType 2 =*/34).string(message.merchantReference);
        if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
            for (let i = 0; i < message.$unknowns.length; ++i)
                writer.raw(message.$unknowns[i]);
        return writer;
    };

    /**
     * Decodes a PaymentsFilter message from the specified reader or buffer.
     * @function decode
     * @memberof PaymentsFilter
     * @static
     * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
     * @param {number} [length] Message length if known beforehand
     * @returns {PaymentsFilter & PaymentsFilter.$Shape} PaymentsFilter
     * @throws {Error} If the payload is not a reader or valid buffer
     * @throws {$protobuf.util.ProtocolError} If required fields are missing
     */
    PaymentsFilter.decode = function (reader, length, _end, _depth, _target) {
        if (!(reader instanceof $Reader))
            reader = $Reader.create(reader);
        if (_depth === $undefined)
            _depth = 0;
        if (_depth > $Reader.recursionLimit)
            throw $Error("max depth exceeded");
        let end, message;
        if (length === $undefined)
            end = reader.len;
        else {
            end = reader.pos + length;
            if (end > reader.len)
                throw $RangeError("index out of range");
            length = reader.len;
            reader.len = end;
        }
        message = _target || new $root.PaymentsFilter();
        while (reader.pos < end) {
            let start = reader.pos;
            let tag = reader.tag();
            if (tag === _end) {
                _end = $undefined;
                break;
            }
            let wireType = tag & 7;
            switch (tag >>>= 3) {
            case 1: {
                    if (wireType !== 2)
                        break;
                    message.status = reader.stringVerify();
                    message._status = "status";
                    continue;
                }
            case 2: {
                    if (wireType !== 1)
                        break;
                    message.createdFromMs = reader.double();
                    message._createdFromMs = "createdFromMs";
                    continue;
                }
            case 3: {
                    if (wireType !== 1)
                        break;
                    message.createdBeforeMs = reader.double();
                    message._createdBeforeMs = "createdBeforeMs";
                    continue;
                }
            case 4: {
                    if (wireType !== 2)
                        break;
                    message.merchantReference = reader.stringVerify();
                    message._merchantReference = "merchantReference";
                    continue;
                }
            }
            reader.skipType(wireType, _depth, tag);
            if (!reader.discardUnknown) {
                $util.makeProp(message, "$unknowns", false);
                (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
            }
        }
        if (length !== $undefined) {
            if (reader.pos !== end)
                throw $RangeError("index out of range");
            reader.len = length;
        }
        if (_end !== $undefined)
            throw $Error("missing end group");
        return message;
    };

    return PaymentsFilter;
})();

export const Cursor = $root.Cursor = (() => {

    /**
     * Properties of a Cursor.
     * @typedef {Object} Cursor.$Properties
     * @property {string|null} [id] Cursor id
     * @property {number|Long|null} [seq] Cursor seq
     * @property {number|null} [atMs] Cursor atMs
     * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
     */

    /**
     * Properties of a Cursor.
     * @exports ICursor
     * @interface ICursor
     * @augments Cursor.$Properties
     * @deprecated Use Cursor.$Properties instead.
     */

    /**
     * Shape of a Cursor.
     * @typedef {Cursor.$Properties} Cursor.$Shape
     */

    /**
     * Constructs a new Cursor.
     * @exports Cursor
     * @classdesc Represents a Cursor.
     * @constructor
     * @param {Cursor.$Properties=} [properties] Properties to set
     * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
     */
    const Cursor = function (properties) {
        if (properties)
            for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                if (properties[keys[i]] != null && keys[i] !== "__proto__")
                    this[keys[i]] = properties[keys[i]];
    };

    /**
     * Cursor id.
     * @member {string} id
     * @memberof Cursor
     * @instance
     */
    Cursor.prototype.id = "";

    /**
     * Cursor seq.
     * @member {number|Long} seq
     * @memberof Cursor
     * @instance
     */
    Cursor.prototype.seq = $util.Long ? $util.Long.fromBits(0,0,false) : 0;

    /**
     * Cursor atMs.
     * @member {number} atMs
     * @memberof Cursor
     * @instance
     */
    Cursor.prototype.atMs = 0;

    /**
     * Encodes the specified Cursor message. Does not implicitly {@link Cursor.verify|verify} messages.
     * @function encode
     * @memberof Cursor
     * @static
     * @param {Cursor.$Properties} message Cursor message or plain object to encode
     * @param {$protobuf.Writer} [writer] Writer to encode to
     * @returns {$protobuf.Writer} Writer
     */
    Cursor.encode = function (message, writer, _depth) {
        if (!writer)
            writer = $Writer.create();
        if (_depth === $undefined)
            _depth = 0;
        if (_depth > $util.recursionLimit)
            throw $Error("max depth exceeded");
        if (message.id != null && $Object.hasOwnProperty.call(message, "id") && message.id !== "")
            writer.uint32(/* id 1, wireType 2 =*/10).string(message.id);
        if (message.seq != null && $Object.hasOwnProperty.call(message, "seq") && (typeof message.seq === "object" ? message.seq.low || message.seq.high : message.seq !== 0))
            writer.uint32(/* id 2, wireType 0 =*/16).int64(message.seq);
        if (message.atMs != null && $Object.hasOwnProperty.call(message, "atMs") && !$Object.is(message.atMs, 0))
            writer.uint32(/* id 3, wireType 1 =*/25).double(message.atMs);
        if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
            for (let i = 0; i < message.$unknowns.length; ++i)
                writer.raw(message.$unknowns[i]);
        return writer;
    };

    /**
     * Decodes a Cursor message from the specified reader or buffer.
     * @function decode
     * @memberof Cursor
     * @static
     * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
     * @param {number} [length] Message length if known beforehand
     * @returns {Cursor & Cursor.$Shape} Cursor
     * @throws {Error} If the payload is not a reader or valid buffer
     * @throws {$protobuf.util.ProtocolError} If required fields are missing
     */
    Cursor.decode = function (reader, length, _end, _depth, _target) {
        if (!(reader instanceof $Reader))
            reader = $Reader.create(reader);
        if (_depth === $undefined)
            _depth = 0;
        if (_depth > $Reader.recursionLimit)
            throw $Error("max depth exceeded");
        let end, message, value;
        if (length === $undefined)
            end = reader.len;
        else {
            end = reader.pos + length;
            if (end > reader.len)
                throw $RangeError("index out of range");
            length = reader.len;
            reader.len = end;
        }
        message = _target || new $root.Cursor();
        while (reader.pos < end) {
            let start = reader.pos;
            let tag = reader.tag();
            if (tag === _end) {
                _end = $undefined;
                break;
            }
            let wireType = tag & 7;
            switch (tag >>>= 3) {
            case 1: {
                    if (wireType !== 2)
                        break;
                    if ((value = reader.stringVerify()).length)
                        message.id = value;
                    else
                        delete message.id;
                    continue;
                }
            case 2: {
                    if (wireType !== 0)
                        break;
                    if (typeof (value = reader.int64()) === "object" ? value.low || value.high : value !== 0)
                        message.seq = value;
                    else
                        delete message.seq;
                    continue;
                }
            case 3: {
                    if (wireType !== 1)
                        break;
                    if (!$Object.is(value = reader.double(), 0))
                        message.atMs = value;
                    else
                        delete message.atMs;
                    continue;
                }
            }
            reader.skipType(wireType, _depth, tag);
            if (!reader.discardUnknown) {
                $util.makeProp(message, "$unknowns", false);
                (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
            }
        }
        if (length !== $undefined) {
            if (reader.pos !== end)
                throw $RangeError("index out of range");
            reader.len = length;
        }
        if (_end !== $undefined)
            throw $Error("missing end group");
        return message;
    };

    return Cursor;
})();

export const Reply = $root.Reply = (() => {

    /**
     * Properties of a Reply.
     * @typedef {Object} Reply.$Properties
     * @property {number|null} [ticket] Reply ticket
     * @property {number|null} [status] Reply status
     * @property {Uint8Array|null} [body] Reply body
     * @property {boolean|null} [problem] Reply problem
     * @property {string|null} [code] Reply code
     * @property {boolean|null} [replayed] Reply replayed
     * @property {number|null} [retryAfterS] Reply retryAfterS
     * @property {string|null} [location] Reply location
     * @property {number|null} [gatewayMs] Reply gatewayMs
     * @property {boolean|null} [final] Reply final
     * @property {RateState.$Properties|null} [rate] Reply rate
     * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
     */

    /**
     * Properties of a Reply.
     * @exports IReply
     * @interface IReply
     * @augments Reply.$Properties
     * @deprecated Use Reply.$Properties instead.
     */

    /**
     * Shape of a Reply.
     * @typedef {Reply.$Properties} Reply.$Shape
     */

    /**
     * Constructs a new Reply.
     * @exports Reply
     * @classdesc Represents a Reply.
     * @constructor
     * @param {Reply.$Properties=} [properties] Properties to set
     * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
     */
    const Reply = function (properties) {
        if (properties)
            for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                if (properties[keys[i]] != null && keys[i] !== "__proto__")
                    this[keys[i]] = properties[keys[i]];
    };

    /**
     * Reply ticket.
     * @member {number} ticket
     * @memberof Reply
     * @instance
     */
    Reply.prototype.ticket = 0;

    /**
     * Reply status.
     * @member {number} status
     * @memberof Reply
     * @instance
     */
    Reply.prototype.status = 0;

    /**
     * Reply body.
     * @member {Uint8Array} body
     * @memberof Reply
     * @instance
     */
    Reply.prototype.body = $util.newBuffer([]);

    /**
     * Reply problem.
     * @member {boolean} problem
     * @memberof Reply
     * @instance
     */
    Reply.prototype.problem = false;

    /**
     * Reply code.
     * @member {string|null|undefined} code
     * @memberof Reply
     * @instance
     */
    Reply.prototype.code = null;

    /**
     * Reply replayed.
     * @member {boolean} replayed
     * @memberof Reply
     * @instance
     */
    Reply.prototype.replayed = false;

    /**
     * Reply retryAfterS.
     * @member {number|null|undefined} retryAfterS
     * @memberof Reply
     * @instance
     */
    Reply.prototype.retryAfterS = null;

    /**
     * Reply location.
     * @member {string|null|undefined} location
     * @memberof Reply
     * @instance
     */
    Reply.prototype.location = null;

    /**
     * Reply gatewayMs.
     * @member {number|null|undefined} gatewayMs
     * @memberof Reply
     * @instance
     */
    Reply.prototype.gatewayMs = null;

    /**
     * Reply final.
     * @member {boolean} final
     * @memberof Reply
     * @instance
     */
    Reply.prototype.final = false;

    /**
     * Reply rate.
     * @member {RateState.$Properties|null|undefined} rate
     * @memberof Reply
     * @instance
     */
    Reply.prototype.rate = null;

    // OneOf field names bound to virtual getters and setters
    let $oneOfFields;

    // Virtual OneOf for proto3 optional field
    $Object.defineProperty(Reply.prototype, "_code", {
        get: $util.oneOfGetter($oneOfFields = ["code"]),
        set: $util.oneOfSetter($oneOfFields)
    });

    // Virtual OneOf for proto3 optional field
    $Object.defineProperty(Reply.prototype, "_retryAfterS", {
        get: $util.oneOfGetter($oneOfFields = ["retryAfterS"]),
        set: $util.oneOfSetter($oneOfFields)
    });

    // Virtual OneOf for proto3 optional field
    $Object.defineProperty(Reply.prototype, "_location", {
        get: $util.oneOfGetter($oneOfFields = ["location"]),
        set: $util.oneOfSetter($oneOfFields)
    });

    // Virtual OneOf for proto3 optional field
    $Object.defineProperty(Reply.prototype, "_gatewayMs", {
        get: $util.oneOfGetter($oneOfFields = ["gatewayMs"]),
        set: $util.oneOfSetter($oneOfFields)
    });

    /**
     * Encodes the specified Reply message. Does not implicitly {@link Reply.verify|verify} messages.
     * @function encode
     * @memberof Reply
     * @static
     * @param {Reply.$Properties} message Reply message or plain object to encode
     * @param {$protobuf.Writer} [writer] Writer to encode to
     * @returns {$protobuf.Writer} Writer
     */
    Reply.encode = function (message, writer, _depth) {
        if (!writer)
            writer = $Writer.create();
        if (_depth === $undefined)
            _depth = 0;
        if (_depth > $util.recursionLimit)
            throw $Error("max depth exceeded");
        if (message.ticket != null && $Object.hasOwnProperty.call(message, "ticket") && !$Object.is(message.ticket, 0))
            writer.uint32(/* id 1, wireType 1 =*/9).double(message.ticket);
        if (message.status != null && $Object.hasOwnProperty.call(message, "status") && message.status !== 0)
            writer.uint32(/* id 2, wireType 0 =*/16).uint32(message.status);
        if (message.body != null && $Object.hasOwnProperty.call(message, "body") && message.body.length)
            writer.uint32(/* id 3, wireType 2 =*/26).bytes(message.body);
        if (message.problem != null && $Object.hasOwnProperty.call(message, "problem") && message.problem !== false)
            writer.uint32(/* id 4, wireType 0 =*/32).bool(message.problem);
        if (message.code != null && $Object.hasOwnProperty.call(message, "code"))
            writer.uint32(/* id 5, wireType 2 =*/42).string(message.code);
        if (message.replayed != null && $Object.hasOwnProperty.call(message, "replayed") && message.replayed !== false)
            writer.uint32(/* id 6, wireType 0 =*/48).bool(message.replayed);
        if (message.retryAfterS != null && $Object.hasOwnProperty.call(message, "retryAfterS"))
            writer.uint32(/* id 7, wireType 1 =*/57).double(message.retryAfterS);
        if (message.location != null && $Object.hasOwnProperty.call(message, "location"))
            writer.uint32(/* id 8, wireType 2 =*/66).string(message.location);
        if (message.gatewayMs != null && $Object.hasOwnProperty.call(message, "gatewayMs"))
            writer.uint32(/* id 9, wireType 1 =*/73).double(message.gatewayMs);
        if (message.final != null && $Object.hasOwnProperty.call(message, "final") && message.final !== false)
            writer.uint32(/* id 10, wireType 0 =*/80).bool(message.final);
        if (message.rate != null && $Object.hasOwnProperty.call(message, "rate"))
            $root.RateState.encode(message.rate, writer.uint32(/* id 11, wireType 2 =*/90).fork(), _depth + 1).ldelim();
        if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
            for (let i = 0; i < message.$unknowns.length; ++i)
                writer.raw(message.$unknowns[i]);
        return writer;
    };

    /**
     * Decodes a Reply message from the specified reader or buffer.
     * @function decode
     * @memberof Reply
     * @static
     * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
     * @param {number} [length] Message length if known beforehand
     * @returns {Reply & Reply.$Shape} Reply
     * @throws {Error} If the payload is not a reader or valid buffer
     * @throws {$protobuf.util.ProtocolError} If required fields are missing
     */
    Reply.decode = function (reader, length, _end, _depth, _target) {
        if (!(reader instanceof $Reader))
            reader = $Reader.create(reader);
        if (_depth === $undefined)
            _depth = 0;
        if (_depth > $Reader.recursionLimit)
            throw $Error("max depth exceeded");
        let end, message, value;
        if (length === $undefined)
            end = reader.len;
        else {
            end = reader.pos + length;
            if (end > reader.len)
                throw $RangeError("index out of range");
            length = reader.len;
            reader.len = end;
        }
        message = _target || new $root.Reply();
        while (reader.pos < end) {
            let start = reader.pos;
            let tag = reader.tag();
            if (tag === _end) {
                _end = $undefined;
                break;
            }
            let wireType = tag & 7;
            switch (tag >>>= 3) {
            case 1: {
                    if (wireType !== 1)
                        break;
                    if (!$Object.is(value = reader.double(), 0))
                        message.ticket = value;
                    else
                        delete message.ticket;
                    continue;
                }
            case 2: {
                    if (wireType !== 0)
                        break;
                    if (value = reader.uint32())
                        message.status = value;
                    else
                        delete message.status;
                    continue;
                }
            case 3: {
                    if (wireType !== 2)
                        break;
                    if ((value = reader.bytes()).length)
                        message.body = value;
                    else
                        delete message.body;
                    continue;
                }
            case 4: {
                    if (wireType !== 0)
                        break;
                    if (value = reader.bool())
                        message.problem = value;
                    else
                        delete message.problem;
                    continue;
                }
            case 5: {
                    if (wireType !== 2)
                        break;
                    message.code = reader.stringVerify();
                    message._code = "code";
                    continue;
                }
            case 6: {
                    if (wireType !== 0)
                        break;
                    if (value = reader.bool())
                        message.replayed = value;
                    else
                        delete message.replayed;
                    continue;
                }
            case 7: {
                    if (wireType !== 1)
                        break;
                    message.retryAfterS = reader.double();
                    message._retryAfterS = "retryAfterS";
                    continue;
                }
            case 8: {
                    if (wireType !== 2)
                        break;
                    message.location = reader.stringVerify();
                    message._location = "location";
                    continue;
                }
            case 9: {
                    if (wireType !== 1)
                        break;
                    message.gatewayMs = reader.double();
                    message._gatewayMs = "gatewayMs";
                    continue;
                }
            case 10: {
                    if (wireType !== 0)
                        break;
                    if (value = reader.bool())
                        message.final = value;
                    else
                        delete message.final;
                    continue;
                }
            case 11: {
                    if (wireType !== 2)
                        break;
                    message.rate = $root.RateState.decode(reader, reader.size(), $undefined, _depth + 1, message.rate);
                    continue;
                }
            }
            reader.skipType(wireType, _depth, tag);
            if (!reader.discardUnknown) {
                $util.makeProp(message, "$unknowns", false);
                (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
            }
        }
        if (length !== $undefined) {
            if (reader.pos !== end)
                throw $RangeError("index out of range");
            reader.len = length;
        }
        if (_end !== $undefined)
            throw $Error("missing end group");
        return message;
    };

    return Reply;
})();

/**
 * RefusedReason enum.
 * @name RefusedReason
 * @enum {number}
 * @property {number} REFUSED_REASON_UNSPECIFIED=0 REFUSED_REASON_UNSPECIFIED value
 * @property {number} NOT_OWNER=1 NOT_OWNER value
 * @property {number} MOVING=2 MOVING value
 * @property {number} FULL=3 FULL value
 * @property {number} UNSUPPORTED=4 UNSUPPORTED value
 */
export const RefusedReason = $root.RefusedReason = (() => {
    const valuesById = $Object.create(null), values = $Object.create(valuesById);
    values[valuesById[0] = "REFUSED_REASON_UNSPECIFIED"] = 0;
    values[valuesById[1] = "NOT_OWNER"] = 1;
    values[valuesById[2] = "MOVING"] = 2;
    values[valuesById[3] = "FULL"] = 3;
    values[valuesById[4] = "UNSUPPORTED"] = 4;
    return values;
})();

export const Refused = $root.Refused = (() => {

    /**
     * Properties of a Refused.
     * @typedef {Object} Refused.$Properties
     * @property {number|null} [ticket] Refused ticket
     * @property {RefusedReason|null} [reason] Refused reason
     * @property {number|Long|null} [generation] Refused generation
     * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
     */

    /**
     * Properties of a Refused.
     * @exports IRefused
     * @interface IRefused
     * @augments Refused.$Properties
     * @deprecated Use Refused.$Properties instead.
     */

    /**
     * Shape of a Refused.
     * @typedef {Refused.$Properties} Refused.$Shape
     */

    /**
     * Constructs a new Refused.
     * @exports Refused
     * @classdesc Represents a Refused.
     * @constructor
     * @param {Refused.$Properties=} [properties] Properties to set
     * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
     */
    const Refused = function (properties) {
        if (properties)
            for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                if (properties[keys[i]] != null && keys[i] !== "__proto__")
                    this[keys[i]] = properties[keys[i]];
    };

    /**
     * Refused ticket.
     * @member {number} ticket
     * @memberof Refused
     * @instance
     */
    Refused.prototype.ticket = 0;

    /**
     * Refused reason.
     * @member {RefusedReason} reason
     * @memberof Refused
     * @instance
     */
    Refused.prototype.reason = 0;

    /**
     * Refused generation.
     * @member {number|Long} generation
     * @memberof Refused
     * @instance
     */
    Refused.prototype.generation = $util.Long ? $util.Long.fromBits(0,0,false) : 0;

    /**
     * Encodes the specified Refused message. Does not implicitly {@link Refused.verify|verify} messages.
     * @function encode
     * @memberof Refused
     * @static
     * @param {Refused.$Properties} message Refused message or plain object to encode
     * @param {$protobuf.Writer} [writer] Writer to encode to
     * @returns {$protobuf.Writer} Writer
     */
    Refused.encode = function (message, writer, _depth) {
        if (!writer)
            writer = $Writer.create();
        if (_depth === $undefined)
            _depth = 0;
        if (_depth > $util.recursionLimit)
            throw $Error("max depth exceeded");
        if (message.ticket != null && $Object.hasOwnProperty.call(message, "ticket") && !$Object.is(message.ticket, 0))
            writer.uint32(/* id 1, wireType 1 =*/9).double(message.ticket);
        if (message.reason != null && $Object.hasOwnProperty.call(message, "reason") && message.reason !== 0)
            writer.uint32(/* id 2, wireType 0 =*/16).int32(message.reason);
        if (message.generation != null && $Object.hasOwnProperty.call(message, "generation") && (typeof message.generation === "object" ? message.generation.low || message.generation.high : message.generation !== 0))
            writer.uint32(/* id 3, wireType 0 =*/24).int64(message.generation);
        if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
            for (let i = 0; i < message.$unknowns.length; ++i)
                writer.raw(message.$unknowns[i]);
        return writer;
    };

    /**
     * Decodes a Refused message from the specified reader or buffer.
     * @function decode
     * @memberof Refused
     * @static
     * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
     * @param {number} [length] Message length if known beforehand
     * @returns {Refused & Refused.$Shape} Refused
     * @throws {Error} If the payload is not a reader or valid buffer
     * @throws {$protobuf.util.ProtocolError} If required fields are missing
     */
    Refused.decode = function (reader, length, _end, _depth, _target) {
        if (!(reader instanceof $Reader))
            reader = $Reader.create(reader);
        if (_depth === $undefined)
            _depth = 0;
        if (_depth > $Reader.recursionLimit)
            throw $Error("max depth exceeded");
        let end, message, value;
        if (length === $undefined)
            end = reader.len;
        else {
            end = reader.pos + length;
            if (end > reader.len)
                throw $RangeError("index out of range");
            length = reader.len;
            reader.len = end;
        }
        message = _target || new $root.Refused();
        while (reader.pos < end) {
            let start = reader.pos;
            let tag = reader.tag();
            if (tag === _end) {
                _end = $undefined;
                break;
            }
            let wireType = tag & 7;
            switch (tag >>>= 3) {
            case 1: {
                    if (wireType !== 1)
                        break;
                    if (!$Object.is(value = reader.double(), 0))
                        message.ticket = value;
                    else
                        delete message.ticket;
                    continue;
                }
            case 2: {
                    if (wireType !== 0)
                        break;
                    if (value = reader.int32())
                        message.reason = value;
                    else
                        delete message.reason;
                    continue;
                }
            case 3: {
                    if (wireType !== 0)
                        break;
                    if (typeof (value = reader.int64()) === "object" ? value.low || value.high : value !== 0)
                        message.generation = value;
                    else
                        delete message.generation;
                    continue;
                }
            }
            reader.skipType(wireType, _depth, tag);
            if (!reader.discardUnknown) {
                $util.makeProp(message, "$unknowns", false);
                (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
            }
        }
        if (length !== $undefined) {
            if (reader.pos !== end)
                throw $RangeError("index out of range");
            reader.len = length;
        }
        if (_end !== $undefined)
            throw $Error("missing end group");
        return message;
    };

    return Refused;
})();

export const Notice = $root.Notice = (() => {

    /**
     * Properties of a Notice.
     * @typedef {Object} Notice.$Properties
     * @property {number|null} [ticket] Notice ticket
     * @property {number|null} [shard] Notice shard
     * @property {number|Long|null} [generation] Notice generation
     * @property {number|null} [slot] Notice slot
     * @property {boolean|null} [spool] Notice spool
     * @property {string|null} [gateway] Notice gateway
     * @property {string|null} [account] Notice account
     * @property {string|null} [dedupeKey] Notice dedupeKey
     * @property {string|null} [bodyHash] Notice bodyHash
     * @property {string|null} [type] Notice type
     * @property {string|null} [operationId] Notice operationId
     * @property {string|null} [paymentId] Notice paymentId
     * @property {string|null} [paymentReference] Notice paymentReference
     * @property {string|null} [reference] Notice reference
     * @property {string|null} [amount] Notice amount
     * @property {string|null} [currency] Notice currency
     * @property {Claim.$Properties|null} [claim] Notice claim
     * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
     */

    /**
     * Properties of a Notice.
     * @exports INotice
     * @interface INotice
     * @augments Notice.$Properties
     * @deprecated Use Notice.$Properties instead.
     */

    /**
     * Shape of a Notice.
     * @typedef {Notice.$Properties} Notice.$Shape
     */

    /**
     * Constructs a new Notice.
     * @exports Notice
     * @classdesc Represents a Notice.
     * @constructor
     * @param {Notice.$Properties=} [properties] Properties to set
     * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
     */
    const Notice = function (properties) {
        if (properties)
            for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                if (properties[keys[i]] != null && keys[i] !== "__proto__")
                    this[keys[i]] = properties[keys[i]];
    };

    /**
     * Notice ticket.
     * @member {number} ticket
     * @memberof Notice
     * @instance
     */
    Notice.prototype.ticket = 0;

    /**
     * Notice shard.
     * @member {number} shard
     * @memberof Notice
     * @instance
     */
    Notice.prototype.shard = 0;

    /**
     * Notice generation.
     * @member {number|Long} generation
     * @memberof Notice
     * @instance
     */
    Notice.prototype.generation = $util.Long ? $util.Long.fromBits(0,0,false) : 0;

    /**
     * Notice slot.
     * @member {number} slot
     * @memberof Notice
     * @instance
     */
    Notice.prototype.slot = 0;

    /**
     * Notice spool.
     * @member {boolean} spool
     * @memberof Notice
     * @instance
     */
    Notice.prototype.spool = false;

    /**
     * Notice gateway.
     * @member {string} gateway
     * @memberof Notice
     * @instance
     */
    Notice.prototype.gateway = "";

    /**
     * Notice account.
     * @member {string} account
     * @memberof Notice
     * @instance
     */
    Notice.prototype.account = "";

    /**
     * Notice dedupeKey.
     * @member {string} dedupeKey
     * @memberof Notice
     * @instance
     */
    Notice.prototype.dedupeKey = "";

    /**
     * Notice bodyHash.
     * @member {string} bodyHash
     * @memberof Notice
     * @instance
     */
    Notice.prototype.bodyHash = "";

    /**
     * Notice type.
     * @member {string} type
     * @memberof Notice
     * @instance
     */
    Notice.prototype.type = "";

    /**
     * Notice operationId.
     * @member {string|null|undefined} operationId
     * @memberof Notice
     * @instance
     */
    Notice.prototype.operationId = null;

    /**
     * Notice paymentId.
     * @member {string|null|undefined} paymentId
     * @memberof Notice
     * @instance
     */
    Notice.prototype.paymentId = null;

    /**
     * Notice paymentReference.
     * @member {string|null|undefined} paymentReference
     * @memberof Notice
     * @instance
     */
    Notice.prototype.paymentReference = null;

    /**
     * Notice reference.
     * @member {string|null|undefined} reference
     * @memberof Notice
     * @instance
     */
    Notice.prototype.reference = null;

    /**
     * Notice amount.
     * @member {string|null|undefined} amount
     * @memberof Notice
     * @instance
     */
    Notice.prototype.amount = null;

    /**
     * Notice currency.
     * @member {string|null|undefined} currency
     * @memberof Notice
     * @instance
     */
    Notice.prototype.currency = null;

    /**
     * Notice claim.
     * @member {Claim.$Properties|null|undefined} claim
     * @memberof Notice
     * @instance
     */
    Notice.prototype.claim = null;

    // OneOf field names bound to virtual getters and setters
    let $oneOfFields;

    // Virtual OneOf for proto3 optional field
    $Object.defineProperty(Notice.prototype, "_operationId", {
        get: $util.oneOfGetter($oneOfFields = ["operationId"]),
        set: $util.oneOfSetter($oneOfFields)
    });

    // Virtual OneOf for proto3 optional field
    $Object.defineProperty(Notice.prototype, "_paymentId", {
        get: $util.oneOfGetter($oneOfFields = ["paymentId"]),
        set: $util.oneOfSetter($oneOfFields)
    });

    // Virtual OneOf for proto3 optional field
    $Object.defineProperty(Notice.prototype, "_paymentReference", {
        get: $util.oneOfGetter($oneOfFields = ["paymentReference"]),
        set: $util.oneOfSetter($oneOfFields)
    });

    // Virtual OneOf for proto3 optional field
    $Object.defineProperty(Notice.prototype, "_reference", {
        get: $util.oneOfGetter($oneOfFields = ["reference"]),
        set: $util.oneOfSetter($oneOfFields)
    });

    // Virtual OneOf for proto3 optional field
    $Object.defineProperty(Notice.prototype, "_amount", {
        get: $util.oneOfGetter($oneOfFields = ["amount"]),
        set: $util.oneOfSetter($oneOfFields)
    });

    // Virtual OneOf for proto3 optional field
    $Object.defineProperty(Notice.prototype, "_currency", {
        get: $util.oneOfGetter($oneOfFields = ["currency"]),
        set: $util.oneOfSetter($oneOfFields)
    });

    /**
     * Encodes the specified Notice message. Does not implicitly {@link Notice.verify|verify} messages.
     * @function encode
     * @memberof Notice
     * @static
     * @param {Notice.$Properties} message Notice message or plain object to encode
     * @param {$protobuf.Writer} [writer] Writer to encode to
     * @returns {$protobuf.Writer} Writer
     */
    Notice.encode = function (message, writer, _depth) {
        if (!writer)
            writer = $Writer.create();
        if (_depth === $undefined)
            _depth = 0;
        if (_depth > $util.recursionLimit)
            throw $Error("max depth exceeded");
        if (message.ticket != null && $Object.hasOwnProperty.call(message, "ticket") && !$Object.is(message.ticket, 0))
            writer.uint32(/* id 1, wireType 1 =*/9).double(message.ticket);
        if (message.shard != null && $Object.hasOwnProperty.call(message, "shard") && message.shard !== 0)
            writer.uint32(/* id 2, wireType 0 =*/16).uint32(message.shard);
        if (message.generation != null && $Object.hasOwnProperty.call(message, "generation") && (typeof message.generation === "object" ? message.generation.low || message.generation.high : message.generation !== 0))
            writer.uint32(/* id 3, wireType 0 =*/24).int64(message.generation);
        if (message.slot != null && $Object.hasOwnProperty.call(message, "slot") && message.slot !== 0)
            writer.uint32(/* id 4, wireType 0 =*/32).uint32(message.slot);
        if (message.spool != null && $Object.hasOwnProperty.call(message, "spool") && message.spool !== false)
            writer.uint32(/* id 5, wireType 0 =*/40).bool(message.spool);
        if (message.gateway != null && $Object.hasOwnProperty.call(message, "gateway") && message.gateway !== "")
            writer.uint32(/* id 6, wireType 2 =*/50).string(message.gateway);
        if (message.account != null && $Object.hasOwnProperty.call(message, "account") && message.account !== "")
            writer.uint32(/* id 7, wireType 2 =*/58).string(message.account);
        if (message.dedupeKey != null && $Object.hasOwnProperty.call(message, "dedupeKey") && message.dedupeKey !== "")
            writer.uint32(/* id 8, wireType 2 =*/66).string(message.dedupeKey);
        if (message.bodyHash != null && $Object.hasOwnProperty.call(message, "bodyHash") && message.bodyHash !== "")
            writer.uint32(/* id 9, wireType 2 =*/74).string(message.bodyHash);
        if (message.type != null && $Object.hasOwnProperty.call(message, "type") && message.type !== "")
            writer.uint32(/* id 10, wireType 2 =*/82).string(message.type);
        if (message.operationId != null && $Object.hasOwnProperty.call(message, "operationId"))
            writer.uint32(/* id 11, wireType 2 =*/90).string(message.operationId);
        if (message.paymentId != null && $Object.hasOwnProperty.call(message, "paymentId"))
            writer.uint32(/* id 12, wireType 2 =*/98).string(message.paymentId);
        if (message.paymentReference != null && $Object.hasOwnProperty.call(message, "paymentReference"))
            writer.uint32(/* id 13, wireType 2 =*/106).string(message.paymentReference);
        if (message.reference != null && $Object.hasOwnProperty.call(message, "reference"))
            writer.uint32(/* id 14, wireType 2 =*/114).string(message.reference);
        if (message.amount != null && $Object.hasOwnProperty.call(message, "amount"))
            writer.uint32(/* id 15, wireType 2 =*/122).string(message.amount);
        if (message.currency != null && $Object.hasOwnProperty.call(message, "currency"))
            writer.uint32(/* id 16, wireType 2 =*/130).string(message.currency);
        if (message.claim != null && $Object.hasOwnProperty.call(message, "claim"))
            $root.Claim.encode(message.claim, writer.uint32(/* id 17, wireType 2 =*/138).fork(), _depth + 1).ldelim();
        if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
            for (let i = 0; i < message.$unknowns.length; ++i)
                writer.raw(message.$unknowns[i]);
        return writer;
    };

    /**
     * Decodes a Notice message from the specified reader or buffer.
     * @function decode
     * @memberof Notice
     * @static
     * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
     * @param {number} [length] Message length if known beforehand
     * @returns {Notice & Notice.$Shape} Notice
     * @throws {Error} If the payload is not a reader or valid buffer
     * @throws {$protobuf.util.ProtocolError} If required fields are missing
     */
    Notice.decode = function (reader, length, _end, _depth, _target) {
        if (!(reader instanceof $Reader))
            reader = $Reader.create(reader);
        if (_depth === $undefined)
            _depth = 0;
        if (_depth > $Reader.recursionLimit)
            throw $Error("max depth exceeded");
        let end, message, value;
        if (length === $undefined)
            end = reader.len;
        else {
            end = reader.pos + length;
            if (end > reader.len)
                throw $RangeError("index out of range");
            length = reader.len;
            reader.len = end;
        }
        message = _target || new $root.Notice();
        while (reader.pos < end) {
            let start = reader.pos;
            let tag = reader.tag();
            if (tag === _end) {
                _end = $undefined;
                break;
            }
            let wireType = tag & 7;
            switch (tag >>>= 3) {
            case 1: {
                    if (wireType !== 1)
                        break;
                    if (!$Object.is(value = reader.double(), 0))
                        message.ticket = value;
                    else
                        delete message.ticket;
                    continue;
                }
            case 2: {
                    if (wireType !== 0)
                        break;
                    if (value = reader.uint32())
                        message.shard = value;
                    else
                        delete message.shard;
                    continue;
                }
            case 3: {
                    if (wireType !== 0)
                        break;
                    if (typeof (value = reader.int64()) === "object" ? value.low || value.high : value !== 0)
                        message.generation = value;
                    else
                        delete message.generation;
                    continue;
                }
            case 4: {
                    if (wireType !== 0)
                        break;
                    if (value = reader.uint32())
                        message.slot = value;
                    else
                        delete message.slot;
                    continue;
                }
            case 5: {
                    if (wireType !== 0)
                        break;
                    if (value = reader.bool())
                        message.spool = value;
                    else
                        delete message.spool;
                    continue;
                }
            case 6: {
                    if (wireType !== 2)
                        break;
                    if ((value = reader.stringVerify()).length)
                        message.gateway = value;
                    else
                        delete message.gateway;
                    continue;
                }
            case 7: {
                    if (wireType !== 2)
                        break;
                    if ((value = reader.stringVerify()).length)
                        message.account = value;
                    else
                        delete message.account;
                    continue;
                }
            case 8: {
                    if (wireType !== 2)
                        break;
                    if ((value = reader.stringVerify()).length)
                        message.dedupeKey = value;
                    else
                        delete message.dedupeKey;
                    continue;
                }
            case 9: {
                    if (wireType !== 2)
                        break;
                    if ((value = reader.stringVerify()).length)
                        message.bodyHash = value;
                    else
                        delete message.bodyHash;
                    continue;
                }
            case 10: {
                    if (wireType !== 2)
                        break;
                    if ((value = reader.stringVerify()).length)
                        message.type = value;
                    else
                        delete message.type;
                    continue;
                }
            case 11: {
                    if (wireType !== 2)
                        break;
                    message.operationId = reader.stringVerify();
                    message._operationId = "operationId";
                    continue;
                }
            case 12: {
                    if (wireType !== 2)
                        break;
                    message.paymentId = reader.stringVerify();
                    message._paymentId = "paymentId";
                    continue;
                }
            case 13: {
                    if (wireType !== 2)
                        break;
                    message.paymentReference = reader.stringVerify();
                    message._paymentReference = "paymentReference";
                    continue;
                }
            case 14: {
                    if (wireType !== 2)
                        break;
                    message.reference = reader.stringVerify();
                    message._reference = "reference";
                    continue;
                }
            case 15: {
                    if (wireType !== 2)
                        break;
                    message.amount = reader.stringVerify();
                    message._amount = "amount";
                    continue;
                }
            case 16: {
                    if (wireType !== 2)
                        break;
                    message.currency = reader.stringVerify();
                    message._currency = "currency";
                    continue;
                }
            case 17: {
                    if (wireType !== 2)
                        break;
                    message.claim = $root.Claim.decode(reader, reader.size(), $undefined, _depth + 1, message.claim);
                    continue;
                }
            }
            reader.skipType(wireType, _depth, tag);
            if (!reader.discardUnknown) {
                $util.makeProp(message, "$unknowns", false);
                (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
            }
        }
        if (length !== $undefined) {
            if (reader.pos !== end)
                throw $RangeError("index out of range");
            reader.len = length;
        }
        if (_end !== $undefined)
            throw $Error("missing end group");
        return message;
    };

    return Notice;
})();

export const Claim = $root.Claim = (() => {

    /**
     * Properties of a Claim.
     * @typedef {Object} Claim.$Properties
     * @property {string|null} [kind] Claim kind
     * @property {Failure.$Properties|null} [failure] Claim failure
     * @property {string|null} [reference] Claim reference
     * @property {string|null} [state] Claim state
     * @property {string|null} [funds] Claim funds
     * @property {string|null} [why] Claim why
     * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
     */

    /**
     * Properties of a Claim.
     * @exports IClaim
     * @interface IClaim
     * @augments Claim.$Properties
     * @deprecated Use Claim.$Properties instead.
     */

    /**
     * Shape of a Claim.
     * @typedef {Claim.$Properties} Claim.$Shape
     */

    /**
     * Constructs a new Claim.
     * @exports Claim
     * @classdesc Represents a Claim.
     * @constructor
     * @param {Claim.$Properties=} [properties] Properties to set
     * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
     */
    const Claim = function (properties) {
        if (properties)
            for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                if (properties[keys[i]] != null && keys[i] !== "__proto__")
                    this[keys[i]] = properties[keys[i]];
    };

    /**
     * Claim kind.
     * @member {string} kind
     * @memberof Claim
     * @instance
     */
    Claim.prototype.kind = "";

    /**
     * Claim failure.
     * @member {Failure.$Properties|null|undefined} failure
     * @memberof Claim
     * @instance
     */
    Claim.prototype.failure = null;

    /**
     * Claim reference.
     * @member {string|null|undefined} reference
     * @memberof Claim
     * @instance
     */
    Claim.prototype.reference = null;

    /**
     * Claim state.
     * @member {string|null|undefined} state
     * @memberof Claim
     * @instance
     */
    Claim.prototype.state = null;

    /**
     * Claim funds.
     * @member {string|null|undefined} funds
     * @memberof Claim
     * @instance
     */
    Claim.prototype.funds = null;

    /**
     * Claim why.
     * @member {string|null|undefined} why
     * @memberof Claim
     * @instance
     */
    Claim.prototype.why = null;

    // OneOf field names bound to virtual getters and setters
    let $oneOfFields;

    // Virtual OneOf for proto3 optional field
    $Object.defineProperty(Claim.prototype, "_reference", {
        get: $util.oneOfGetter($oneOfFields = ["reference"]),
        set: $util.oneOfSetter($oneOfFields)
    });

    // Virtual OneOf for proto3 optional field
    $Object.defineProperty(Claim.prototype, "_state", {
        get: $util.oneOfGetter($oneOfFields = ["state"]),
        set: $util.oneOfSetter($oneOfFields)
    });

    // Virtual OneOf for proto3 optional field
    $Object.defineProperty(Claim.prototype, "_funds", {
        get: $util.oneOfGetter($oneOfFields = ["funds"]),
        set: $util.oneOfSetter($oneOfFields)
    });

    // Virtual OneOf for proto3 optional field
    $Object.defineProperty(Claim.prototype, "_why", {
        get: $util.oneOfGetter($oneOfFields = ["why"]),
        set: $util.oneOfSetter($oneOfFields)
    });

    /**
     * Encodes the specified Claim message. Does not implicitly {@link Claim.verify|verify} messages.
     * @function encode
     * @memberof Claim
     * @static
     * @param {Claim.$Properties} message Claim message or plain object to encode
     * @param {$protobuf.Writer} [writer] Writer to encode to
     * @returns {$protobuf.Writer} Writer
     */
    Claim.encode = function (message, writer, _depth) {
        if (!writer)
            writer = $Writer.create();
        if (_depth === $undefined)
            _depth = 0;
        if (_depth > $util.recursionLimit)
            throw $Error("max depth exceeded");
        if (message.kind != null && $Object.hasOwnProperty.call(message, "kind") && message.kind !== "")
            writer.uint32(/* id 1, wireType 2 =*/10).string(message.kind);
        if (message.failure != null && $Object.hasOwnProperty.call(message, "failure"))
            $root.Failure.encode(message.failure, writer.uint32(/* id 2, wireType 2 =*/18).fork(), _depth + 1).ldelim();
        if (message.reference != null && $Object.hasOwnProperty.call(message, "reference"))
            writer.uint32(/* id 3, wireType 2 =*/26).string(message.reference);
        if (message.state != null && $Object.hasOwnProperty.call(message, "state"))
            writer.uint32(/* id 4, wireType 2 =*/34).string(message.state);
        if (message.funds != null && $Object.hasOwnProperty.call(message, "funds"))
            writer.uint32(/* id 5, wireType 2 =*/42).string(message.funds);
        if (message.why != null && $Object.hasOwnProperty.call(message, "why"))
            writer.uint32(/* id 6, wireType 2 =*/50).string(message.why);
        if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
            for (let i = 0; i < message.$unknowns.length; ++i)
                writer.raw(message.$unknowns[i]);
        return writer;
    };

    /**
     * Decodes a Claim message from the specified reader or buffer.
     * @function decode
     * @memberof Claim
     * @static
     * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
     * @param {number} [length] Message length if known beforehand
     * @returns {Claim & Claim.$Shape} Claim
     * @throws {Error} If the payload is not a reader or valid buffer
     * @throws {$protobuf.util.ProtocolError} If required fields are missing
     */
    Claim.decode = function (reader, length, _end, _depth, _target) {
        if (!(reader instanceof $Reader))
            reader = $Reader.create(reader);
        if (_depth === $undefined)
            _depth = 0;
        if (_depth > $Reader.recursionLimit)
            throw $Error("max depth exceeded");
        let end, message, value;
        if (length === $undefined)
            end = reader.len;
        else {
            end = reader.pos + length;
            if (end > reader.len)
                throw $RangeError("index out of range");
            length = reader.len;
            reader.len = end;
        }
        message = _target || new $root.Claim();
        while (reader.pos < end) {
            let start = reader.pos;
            let tag = reader.tag();
            if (tag === _end) {
                _end = $undefined;
                break;
            }
            let wireType = tag & 7;
            switch (tag >>>= 3) {
            case 1: {
                    if (wireType !== 2)
                        break;
                    if ((value = reader.stringVerify()).length)
                        message.kind = value;
                    else
                        delete message.kind;
                    continue;
                }
            case 2: {
                    if (wireType !== 2)
                        break;
                    message.failure = $root.Failure.decode(reader, reader.size(), $undefined, _depth + 1, message.failure);
                    continue;
                }
            case 3: {
                    if (wireType !== 2)
                        break;
                    message.reference = reader.stringVerify();
                    message._reference = "reference";
                    continue;
                }
            case 4: {
                    if (wireType !== 2)
                        break;
                    message.state = reader.stringVerify();
                    message._state = "state";
                    continue;
                }
            case 5: {
                    if (wireType !== 2)
                        break;
                    message.funds = reader.stringVerify();
                    message._funds = "funds";
                    continue;
                }
            case 6: {
                    if (wireType !== 2)
                        break;
                    message.why = reader.stringVerify();
                    message._why = "why";
                    continue;
                }
            }
            reader.skipType(wireType, _depth, tag);
            if (!reader.discardUnknown) {
                $util.makeProp(message, "$unknowns", false);
                (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
            }
        }
        if (length !== $undefined) {
            if (reader.pos !== end)
                throw $RangeError("index out of range");
            reader.len = length;
        }
        if (_end !== $undefined)
            throw $Error("missing end group");
        return message;
    };

    return Claim;
})();

export const Failure = $root.Failure = (() => {

    /**
     * Properties of a Failure.
     * @typedef {Object} Failure.$Properties
     * @property {string|null} [code] Failure code
     * @property {boolean|null} [retryable] Failure retryable
     * @property {string|null} [customerAction] Failure customerAction
     * @property {string|null} [gatewayCode] Failure gatewayCode
     * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
     */

    /**
     * Properties of a Failure.
     * @exports IFailure
     * @interface IFailure
     * @augments Failure.$Properties
     * @deprecated Use Failure.$Properties instead.
     */

    /**
     * Shape of a Failure.
     * @typedef {Failure.$Properties} Failure.$Shape
     */

    /**
     * Constructs a new Failure.
     * @exports Failure
     * @classdesc Represents a Failure.
     * @constructor
     * @param {Failure.$Properties=} [properties] Properties to set
     * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
     */
    const Failure = function (properties) {
        if (properties)
            for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                if (properties[keys[i]] != null && keys[i] !== "__proto__")
                    this[keys[i]] = properties[keys[i]];
    };

    /**
     * Failure code.
     * @member {string} code
     * @memberof Failure
     * @instance
     */
    Failure.prototype.code = "";

    /**
     * Failure retryable.
     * @member {boolean} retryable
     * @memberof Failure
     * @instance
     */
    Failure.prototype.retryable = false;

    /**
     * Failure customerAction.
     * @member {string|null|undefined} customerAction
     * @memberof Failure
     * @instance
     */
    Failure.prototype.customerAction = null;

    /**
     * Failure gatewayCode.
     * @member {string|null|undefined} gatewayCode
     * @memberof Failure
     * @instance
     */
    Failure.prototype.gatewayCode = null;

    // OneOf field names bound to virtual getters and setters
    let $oneOfFields;

    // Virtual OneOf for proto3 optional field
    $Object.defineProperty(Failure.prototype, "_customerAction", {
        get: $util.oneOfGetter($oneOfFields = ["customerAction"]),
        set: $util.oneOfSetter($oneOfFields)
    });

    // Virtual OneOf for proto3 optional field
    $Object.defineProperty(Failure.prototype, "_gatewayCode", {
        get: $util.oneOfGetter($oneOfFields = ["gatewayCode"]),
        set: $util.oneOfSetter($oneOfFields)
    });

    /**
     * Encodes the specified Failure message. Does not implicitly {@link Failure.verify|verify} messages.
     * @function encode
     * @memberof Failure
     * @static
     * @param {Failure.$Properties} message Failure message or plain object to encode
     * @param {$protobuf.Writer} [writer] Writer to encode to
     * @returns {$protobuf.Writer} Writer
     */
    Failure.encode = function (message, writer, _depth) {
        if (!writer)
            writer = $Writer.create();
        if (_depth === $undefined)
            _depth = 0;
        if (_depth > $util.recursionLimit)
            throw $Error("max depth exceeded");
        if (message.code != null && $Object.hasOwnProperty.call(message, "code") && message.code !== "")
            writer.uint32(/* id 1, wireType 2 =*/10).string(message.code);
        if (message.retryable != null && $Object.hasOwnProperty.call(message, "retryable") && message.retryable !== false)
            writer.uint32(/* id 2, wireType 0 =*/16).bool(message.retryable);
        if (message.customerAction != null && $Object.hasOwnProperty.call(message, "customerAction"))
            writer.uint32(/* id 3, wireType 2 =*/26).string(message.customerAction);
        if (message.gatewayCode != null && $Object.hasOwnProperty.call(message, "gatewayCode"))
            writer.uint32(/* id 4, wireType 2 =*/34).string(message.gatewayCode);
        if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
            for (let i = 0; i < message.$unknowns.length; ++i)
                writer.raw(message.$unknowns[i]);
        return writer;
    };

    /**
     * Decodes a Failure message from the specified reader or buffer.
     * @function decode
     * @memberof Failure
     * @static
     * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
     * @param {number} [length] Message length if known beforehand
     * @returns {Failure & Failure.$Shape} Failure
     * @throws {Error} If the payload is not a reader or valid buffer
     * @throws {$protobuf.util.ProtocolError} If required fields are missing
     */
    Failure.decode = function (reader, length, _end, _depth, _target) {
        if (!(reader instanceof $Reader))
            reader = $Reader.create(reader);
        if (_depth === $undefined)
            _depth = 0;
        if (_depth > $Reader.recursionLimit)
            throw $Error("max depth exceeded");
        let end, message, value;
        if (length === $undefined)
            end = reader.len;
        else {
            end = reader.pos + length;
            if (end > reader.len)
                throw $RangeError("index out of range");
            length = reader.len;
            reader.len = end;
        }
        message = _target || new $root.Failure();
        while (reader.pos < end) {
            let start = reader.pos;
            let tag = reader.tag();
            if (tag === _end) {
                _end = $undefined;
                break;
            }
            let wireType = tag & 7;
            switch (tag >>>= 3) {
            case 1: {
                    if (wireType !== 2)
                        break;
                    if ((value = reader.stringVerify()).length)
                        message.code = value;
                    else
                        delete message.code;
                    continue;
                }
            case 2: {
                    if (wireType !== 0)
                        break;
                    if (value = reader.bool())
                        message.retryable = value;
                    else
                        delete message.retryable;
                    continue;
                }
            case 3: {
                    if (wireType !== 2)
                        break;
                    message.customerAction = reader.stringVerify();
                    message._customerAction = "customerAction";
                    continue;
                }
            case 4: {
                    if (wireType !== 2)
                        break;
                    message.gatewayCode = reader.stringVerify();
                    message._gatewayCode = "gatewayCode";
                    continue;
                }
            }
            reader.skipType(wireType, _depth, tag);
            if (!reader.discardUnknown) {
                $util.makeProp(message, "$unknowns", false);
                (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
            }
        }
        if (length !== $undefined) {
            if (reader.pos !== end)
                throw $RangeError("index out of range");
            reader.len = length;
        }
        if (_end !== $undefined)
            throw $Error("missing end group");
        return message;
    };

    return Failure;
})();

export const Receipt = $root.Receipt = (() => {

    /**
     * Properties of a Receipt.
     * @typedef {Object} Receipt.$Properties
     * @property {number|null} [ticket] Receipt ticket
     * @property {boolean|null} [taken] Receipt taken
     * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
     */

    /**
     * Properties of a Receipt.
     * @exports IReceipt
     * @interface IReceipt
     * @augments Receipt.$Properties
     * @deprecated Use Receipt.$Properties instead.
     */

    /**
     * Shape of a Receipt.
     * @typedef {Receipt.$Properties} Receipt.$Shape
     */

    /**
     * Constructs a new Receipt.
     * @exports Receipt
     * @classdesc Represents a Receipt.
     * @constructor
     * @param {Receipt.$Properties=} [properties] Properties to set
     * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
     */
    const Receipt = function (properties) {
        if (properties)
            for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                if (properties[keys[i]] != null && keys[i] !== "__proto__")
                    this[keys[i]] = properties[keys[i]];
    };

    /**
     * Receipt ticket.
     * @member {number} ticket
     * @memberof Receipt
     * @instance
     */
    Receipt.prototype.ticket = 0;

    /**
     * Receipt taken.
     * @member {boolean} taken
     * @memberof Receipt
     * @instance
     */
    Receipt.prototype.taken = false;

    /**
     * Encodes the specified Receipt message. Does not implicitly {@link Receipt.verify|verify} messages.
     * @function encode
     * @memberof Receipt
     * @static
     * @param {Receipt.$Properties} message Receipt message or plain object to encode
     * @param {$protobuf.Writer} [writer] Writer to encode to
     * @returns {$protobuf.Writer} Writer
     */
    Receipt.encode = function (message, writer, _depth) {
        if (!writer)
            writer = $Writer.create();
        if (_depth === $undefined)
            _depth = 0;
        if (_depth > $util.recursionLimit)
            throw $Error("max depth exceeded");
        if (message.ticket != null && $Object.hasOwnProperty.call(message, "ticket") && !$Object.is(message.ticket, 0))
            writer.uint32(/* id 1, wireType 1 =*/9).double(message.ticket);
        if (message.taken != null && $Object.hasOwnProperty.call(message, "taken") && message.taken !== false)
            writer.uint32(/* id 2, wireType 0 =*/16).bool(message.taken);
        if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
            for (let i = 0; i < message.$unknowns.length; ++i)
                writer.raw(message.$unknowns[i]);
        return writer;
    };

    /**
     * Decodes a Receipt message from the specified reader or buffer.
     * @function decode
     * @memberof Receipt
     * @static
     * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
     * @param {number} [length] Message length if known beforehand
     * @returns {Receipt & Receipt.$Shape} Receipt
     * @throws {Error} If the payload is not a reader or valid buffer
     * @throws {$protobuf.util.ProtocolError} If required fields are missing
     */
    Receipt.decode = function (reader, length, _end, _depth, _target) {
        if (!(reader instanceof $Reader))
            reader = $Reader.create(reader);
        if (_depth === $undefined)
            _depth = 0;
        if (_depth > $Reader.recursionLimit)
            throw $Error("max depth exceeded");
        let end, message, value;
        if (length === $undefined)
            end = reader.len;
        else {
            end = reader.pos + length;
            if (end > reader.len)
                throw $RangeError("index out of range");
            length = reader.len;
            reader.len = end;
        }
        message = _target || new $root.Receipt();
        while (reader.pos < end) {
            let start = reader.pos;
            let tag = reader.tag();
            if (tag === _end) {
                _end = $undefined;
                break;
            }
            let wireType = tag & 7;
            switch (tag >>>= 3) {
            case 1: {
                    if (wireType !== 1)
                        break;
                    if (!$Object.is(value = reader.double(), 0))
                        message.ticket = value;
                    else
                        delete message.ticket;
                    continue;
                }
            case 2: {
                    if (wireType !== 0)
                        break;
                    if (value = reader.bool())
                        message.taken = value;
                    else
                        delete message.taken;
                    continue;
                }
            }
            reader.skipType(wireType, _depth, tag);
            if (!reader.discardUnknown) {
                $util.makeProp(message, "$unknowns", false);
                (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
            }
        }
        if (length !== $undefined) {
            if (reader.pos !== end)
                throw $RangeError("index out of range");
            reader.len = length;
        }
        if (_end !== $undefined)
            throw $Error("missing end group");
        return message;
    };

    return Receipt;
})();

export const Fact = $root.Fact = (() => {

    /**
     * Properties of a Fact.
     * @typedef {Object} Fact.$Properties
     * @property {number|null} [shard] Fact shard
     * @property {number|Long|null} [generation] Fact generation
     * @property {string|null} [operationId] Fact operationId
     * @property {string|null} [paymentId] Fact paymentId
     * @property {number|null} ["try"] Fact try
     * @property {string|null} [action] Fact action
     * @property {number|null} [tookMs] Fact tookMs
     * @property {Observation.$Properties|null} [observation] Fact observation
     * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
     */

    /**
     * Properties of a Fact.
     * @exports IFact
     * @interface IFact
     * @augments Fact.$Properties
     * @deprecated Use Fact.$Properties instead.
     */

    /**
     * Shape of a Fact.
     * @typedef {Fact.$Properties} Fact.$Shape
     */

    /**
     * Constructs a new Fact.
     * @exports Fact
     * @classdesc Represents a Fact.
     * @constructor
     * @param {Fact.$Properties=} [properties] Properties to set
     * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
     */
    const Fact = function (properties) {
        if (properties)
            for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                if (properties[keys[i]] != null && keys[i] !== "__proto__")
                    this[keys[i]] = properties[keys[i]];
    };

    /**
     * Fact shard.
     * @member {number} shard
     * @memberof Fact
     * @instance
     */
    Fact.prototype.shard = 0;

    /**
     * Fact generation.
     * @member {number|Long} generation
     * @memberof Fact
     * @instance
     */
    Fact.prototype.generation = $util.Long ? $util.Long.fromBits(0,0,false) : 0;

    /**
     * Fact operationId.
     * @member {string} operationId
     * @memberof Fact
     * @instance
     */
    Fact.prototype.operationId = "";

    /**
     * Fact paymentId.
     * @member {string} paymentId
     * @memberof Fact
     * @instance
     */
    Fact.prototype.paymentId = "";

    /**
     * Fact try.
     * @member {number} try
     * @memberof Fact
     * @instance
     */
    Fact.prototype["try"] = 0;

    /**
     * Fact action.
     * @member {string} action
     * @memberof Fact
     * @instance
     */
    Fact.prototype.action = "";

    /**
     * Fact tookMs.
     * @member {number} tookMs
     * @memberof Fact
     * @instance
     */
    Fact.prototype.tookMs = 0;

    /**
     * Fact observation.
     * @member {Observation.$Properties|null|undefined} observation
     * @memberof Fact
     * @instance
     */
    Fact.prototype.observation = null;

    /**
     * Encodes the specified Fact message. Does not implicitly {@link Fact.verify|verify} messages.
     * @function encode
     * @memberof Fact
     * @static
     * @param {Fact.$Properties} message Fact message or plain object to encode
     * @param {$protobuf.Writer} [writer] Writer to encode to
     * @returns {$protobuf.Writer} Writer
     */
    Fact.encode = function (message, writer, _depth) {
        if (!writer)
            writer = $Writer.create();
        if (_depth === $undefined)
            _depth = 0;
        if (_depth > $util.recursionLimit)
            throw $Error("max depth exceeded");
        if (message.shard != null && $Object.hasOwnProperty.call(message, "shard") && message.shard !== 0)
            writer.uint32(/* id 1, wireType 0 =*/8).uint32(message.shard);
        if (message.generation != null && $Object.hasOwnProperty.call(message, "generation") && (typeof message.generation === "object" ? message.generation.low || message.generation.high : message.generation !== 0))
            writer.uint32(/* id 2, wireType 0 =*/16).int64(message.generation);
        if (message.operationId != null && $Object.hasOwnProperty.call(message, "operationId") && message.operationId !== "")
            writer.uint32(/* id 3, wireType 2 =*/26).string(message.operationId);
        if (message.paymentId != null && $Object.hasOwnProperty.call(message, "paymentId") && message.paymentId !== "")
            writer.uint32(/* id 4, wireType 2 =*/34).string(message.paymentId);
        if (message["try"] != null && $Object.hasOwnProperty.call(message, "try") && message["try"] !== 0)
            writer.uint32(/* id 5, wireType 0 =*/40).uint32(message["try"]);
        if (message.action != null && $Object.hasOwnProperty.call(message, "action") && message.action !== "")
            writer.uint32(/* id 6, wireType 2 =*/50).string(message.action);
        if (message.tookMs != null && $Object.hasOwnProperty.call(message, "tookMs") && !$Object.is(message.tookMs, 0))
            writer.uint32(/* id 7, wireType 1 =*/57).double(message.tookMs);
        if (message.observation != null && $Object.hasOwnProperty.call(message, "observation"))
            $root.Observation.encode(message.observation, writer.uint32(/* id 8, wireType 2 =*/66).fork(), _depth + 1).ldelim();
        if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
            for (let i = 0; i < message.$unknowns.length; ++i)
                writer.raw(message.$unknowns[i]);
        return writer;
    };

    /**
     * Decodes a Fact message from the specified reader or buffer.
     * @function decode
     * @memberof Fact
     * @static
     * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
     * @param {number} [length] Message length if known beforehand
     * @returns {Fact & Fact.$Shape} Fact
     * @throws {Error} If the payload is not a reader or valid buffer
     * @throws {$protobuf.util.ProtocolError} If required fields are missing
     */
    Fact.decode = function (reader, length, _end, _depth, _target) {
        if (!(reader instanceof $Reader))
            reader = $Reader.create(reader);
        if (_depth === $undefined)
            _depth = 0;
        if (_depth > $Reader.recursionLimit)
            throw $Error("max depth exceeded");
        let end, message, value;
        if (length === $undefined)
            end = reader.len;
        else {
            end = reader.pos + length;
            if (end > reader.len)
                throw $RangeError("index out of range");
            length = reader.len;
            reader.len = end;
        }
        message = _target || new $root.Fact();
        while (reader.pos < end) {
            let start = reader.pos;
            let tag = reader.tag();
            if (tag === _end) {
                _end = $undefined;
                break;
            }
            let wireType = tag & 7;
            switch (tag >>>= 3) {
            case 1: {
                    if (wireType !== 0)
                        break;
                    if (value = reader.uint32())
                        message.shard = value;
                    else
                        delete message.shard;
                    continue;
                }
            case 2: {
                    if (wireType !== 0)
                        break;
                    if (typeof (value = reader.int64()) === "object" ? value.low || value.high : value !== 0)
                        message.generation = value;
                    else
                        delete message.generation;
                    continue;
                }
            case 3: {
                    if (wireType !== 2)
                        break;
                    if ((value = reader.stringVerify()).length)
                        message.operationId = value;
                    else
                        delete message.operationId;
                    continue;
                }
            case 4: {
                    if (wireType !== 2)
                        break;
                    if ((value = reader.stringVerify()).length)
                        message.paymentId = value;
                    else
                        delete message.paymentId;
                    continue;
                }
            case 5: {
                    if (wireType !== 0)
                        break;
                    if (value = reader.uint32())
                        message["try"] = value;
                    else
                        delete message["try"];
                    continue;
                }
            case 6: {
                    if (wireType !== 2)
                        break;
                    if ((value = reader.stringVerify()).length)
                        message.action = value;
                    else
                        delete message.action;
                    continue;
                }
            case 7: {
                    if (wireType !== 1)
                        break;
                    if (!$Object.is(value = reader.double(), 0))
                        message.tookMs = value;
                    else
                        delete message.tookMs;
                    continue;
                }
            case 8: {
                    if (wireType !== 2)
                        break;
                    message.observation = $root.Observation.decode(reader, reader.size(), $undefined, _depth + 1, message.observation);
                    continue;
                }
            }
            reader.skipType(wireType, _depth, tag);
            if (!reader.discardUnknown) {
                $util.makeProp(message, "$unknowns", false);
                (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
            }
        }
        if (length !== $undefined) {
            if (reader.pos !== end)
                throw $RangeError("index out of range");
            reader.len = length;
        }
        if (_end !== $undefined)
            throw $Error("missing end group");
        return message;
    };

    return Fact;
})();

export const Observation = $root.Observation = (() => {

    /**
     * Properties of an Observation.
     * @typedef {Object} Observation.$Properties
     * @property {string|null} [kind] Observation kind
     * @property {string|null} [reference] Observation reference
     * @property {Failure.$Properties|null} [failure] Observation failure
     * @property {string|null} [words] Observation words
     * @property {string|null} [operationId] Observation operationId
     * @property {string|null} [paymentId] Observation paymentId
     * @property {number|null} [retryAfterMs] Observation retryAfterMs
     * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
     */

    /**
     * Properties of an Observation.
     * @exports IObservation
     * @interface IObservation
     * @augments Observation.$Properties
     * @deprecated Use Observation.$Properties instead.
     */

    /**
     * Shape of an Observation.
     * @typedef {Observation.$Properties} Observation.$Shape
     */

    /**
     * Constructs a new Observation.
     * @exports Observation
     * @classdesc Represents an Observation.
     * @constructor
     * @param {Observation.$Properties=} [properties] Properties to set
     * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
     */
    const Observation = function (properties) {
        if (properties)
            for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                if (properties[keys[i]] != null && keys[i] !== "__proto__")
                    this[keys[i]] = properties[keys[i]];
    };

    /**
     * Observation kind.
     * @member {string} kind
     * @memberof Observation
     * @instance
     */
    Observation.prototype.kind = "";

    /**
     * Observation reference.
     * @member {string|null|undefined} reference
     * @memberof Observation
     * @instance
     */
    Observation.prototype.reference = null;

    /**
     * Observation failure.
     * @member {Failure.$Properties|null|undefined} failure
     * @memberof Observation
     * @instance
     */
    Observation.prototype.failure = null;

    /**
     * Observation words.
     * @member {string|null|undefined} words
     * @memberof Observation
     * @instance
     */
    Observation.prototype.words = null;

    /**
     * Observation operationId.
     * @member {string|null|undefined} operationId
     * @memberof Observation
     * @instance
     */
    Observation.prototype.operationId = null;

    /**
     * Observation paymentId.
     * @member {string|null|undefined} paymentId
     * @memberof Observation
     * @instance
     */
    Observation.prototype.paymentId = null;

    /**
     * Observation retryAfterMs.
     * @member {number|null|undefined} retryAfterMs
     * @memberof Observation
     * @instance
     */
    Observation.prototype.retryAfterMs = null;

    // OneOf field names bound to virtual getters and setters
    let $oneOfFields;

    // Virtual OneOf for proto3 optional field
    $Object.defineProperty(Observation.prototype, "_reference", {
        get: $util.oneOfGetter($oneOfFields = ["reference"]),
        set: $util.oneOfSetter($oneOfFields)
    });

    // Virtual OneOf for proto3 optional field
    $Object.defineProperty(Observation.prototype, "_words", {
        get: $util.oneOfGetter($oneOfFields = ["words"]),
        set: $util.oneOfSetter($oneOfFields)
    });

    // Virtual OneOf for proto3 optional field
    $Object.defineProperty(Observation.prototype, "_operationId", {
        get: $util.oneOfGetter($oneOfFields = ["operationId"]),
        set: $util.oneOfSetter($oneOfFields)
    });

    // Virtual OneOf for proto3 optional field
    $Object.defineProperty(Observation.prototype, "_paymentId", {
        get: $util.oneOfGetter($oneOfFields = ["paymentId"]),
        set: $util.oneOfSetter($oneOfFields)
    });

    // Virtual OneOf for proto3 optional field
    $Object.defineProperty(Observation.prototype, "_retryAfterMs", {
        get: $util.oneOfGetter($oneOfFields = ["retryAfterMs"]),
        set: $util.oneOfSetter($oneOfFields)
    });

    /**
     * Encodes the specified Observation message. Does not implicitly {@link Observation.verify|verify} messages.
     * @function encode
     * @memberof Observation
     * @static
     * @param {Observation.$Properties} message Observation message or plain object to encode
     * @param {$protobuf.Writer} [writer] Writer to encode to
     * @returns {$protobuf.Writer} Writer
     */
    Observation.encode = function (message, writer, _depth) {
        if (!writer)
            writer = $Writer.create();
        if (_depth === $undefined)
            _depth = 0;
        if (_depth > $util.recursionLimit)
            throw $Error("max depth exceeded");
        if (message.kind != null && $Object.hasOwnProperty.call(message, "kind") && message.kind !== "")
            writer.uint32(/* id 1, wireType 2 =*/10).string(message.kind);
        if (message.reference != null && $Object.hasOwnProperty.call(message, "reference"))
            writer.uint32(/* id 2, wireType 2 =*/18).string(message.reference);
        if (message.failure != null && $Object.hasOwnProperty.call(message, "failure"))
            $root.Failure.encode(message.failure, writer.uint32(/* id 3, wireType 2 =*/26).fork(), _depth + 1).ldelim();
        if (message.words != null && $Object.hasOwnProperty.call(message, "words"))
            writer.uint32(/* id 4, wireType 2 =*/34).string(message.words);
        if (message.operationId != null && $Object.hasOwnProperty.call(message, "operationId"))
            writer.uint32(/* id 5, wireType 2 =*/42).string(message.operationId);
        if (message.paymentId != null && $Object.hasOwnProperty.call(message, "paymentId"))
            writer.uint32(/* id 6, wireType 2 =*/50).string(message.paymentId);
        if (message.retryAfterMs != null && $Object.hasOwnProperty.call(message, "retryAfterMs"))
            writer.uint32(/* id 7, wireType 1 =*/57).double(message.retryAfterMs);
        if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
            for (let i = 0; i < message.$unknowns.length; ++i)
                writer.raw(message.$unknowns[i]);
        return writer;
    };

    /**
     * Decodes an Observation message from the specified reader or buffer.
     * @function decode
     * @memberof Observation
     * @static
     * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
     * @param {number} [length] Message length if known beforehand
     * @returns {Observation & Observation.$Shape} Observation
     * @throws {Error} If the payload is not a reader or valid buffer
     * @throws {$protobuf.util.ProtocolError} If required fields are missing
     */
    Observation.decode = function (reader, length, _end, _depth, _target) {
        if (!(reader instanceof $Reader))
            reader = $Reader.create(reader);
        if (_depth === $undefined)
            _depth = 0;
        if (_depth > $Reader.recursionLimit)
            throw $Error("max depth exceeded");
        let end, message, value;
        if (length === $undefined)
            end = reader.len;
        else {
            end = reader.pos + length;
            if (end > reader.len)
                throw $RangeError("index out of range");
            length = reader.len;
            reader.len = end;
        }
        message = _target || new $root.Observation();
        while (reader.pos < end) {
            let start = reader.pos;
            let tag = reader.tag();
            if (tag === _end) {
                _end = $undefined;
                break;
            }
            let wireType = tag & 7;
            switch (tag >>>= 3) {
            case 1: {
                    if (wireType !== 2)
                        break;
                    if ((value = reader.stringVerify()).length)
                        message.kind = value;
                    else
                        delete message.kind;
                    continue;
                }
            case 2: {
                    if (wireType !== 2)
                        break;
                    message.reference = reader.stringVerify();
                    message._reference = "reference";
                    continue;
                }
            case 3: {
                    if (wireType !== 2)
                        break;
                    message.failure = $root.Failure.decode(reader, reader.size(), $undefined, _depth + 1, message.failure);
                    continue;
                }
            case 4: {
                    if (wireType !== 2)
                        break;
                    message.words = reader.stringVerify();
                    message._words = "words";
                    continue;
                }
            case 5: {
                    if (wireType !== 2)
                        break;
                    message.operationId = reader.stringVerify();
                    message._operationId = "operationId";
                    continue;
                }
            case 6: {
                    if (wireType !== 2)
                        break;
                    message.paymentId = reader.stringVerify();
                    message._paymentId = "paymentId";
                    continue;
                }
            case 7: {
                    if (wireType !== 1)
                        break;
                    message.retryAfterMs = reader.double();
                    message._retryAfterMs = "retryAfterMs";
                    continue;
                }
            }
            reader.skipType(wireType, _depth, tag);
            if (!reader.discardUnknown) {
                $util.makeProp(message, "$unknowns", false);
                (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
            }
        }
        if (length !== $undefined) {
            if (reader.pos !== end)
                throw $RangeError("index out of range");
            reader.len = length;
        }
        if (_end !== $undefined)
            throw $Error("missing end group");
        return message;
    };

    return Observation;
})();

export {
  $root as default
};
