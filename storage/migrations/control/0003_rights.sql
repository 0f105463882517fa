-- The application reads the directory and writes what it is asked to; the audit trail only grows.

GRANT USAGE ON SCHEMA public TO paycluster_app;
GRANT SELECT ON node, shard, slot_map_version, slot_map, assignment, rebalance, merchant, api_client, signing_key, audit
  TO paycluster_app;
GRANT INSERT, UPDATE, DELETE ON node TO paycluster_app;
GRANT INSERT, UPDATE ON shard, assignment, rebalance, merchant, api_client, signing_key TO paycluster_app;
GRANT INSERT ON slot_map_version, slot_map, audit TO paycluster_app;
GRANT USAGE ON SEQUENCE assignment_generation TO paycluster_app;
