-- Looking one event up by the id its sender knows, or by its trace id. Ids of our own making grow, so
-- the first index is appended to; the second holds only events that came with a trace id. The log's
-- other filters have no index: a page of them is bounded instead (log_store.h).
CREATE INDEX event_id ON event (tenant, id);
CREATE INDEX event_trace ON event (tenant, trace_id) WHERE trace_id IS NOT NULL;
