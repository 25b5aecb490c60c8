-- Nouns of every world: Azure resources are documents with an etag.
CREATE TABLE documents (
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    body TEXT NOT NULL,
    etag TEXT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    PRIMARY KEY (kind, key)
) WITHOUT ROWID;
CREATE INDEX documents_by_creation ON documents (kind, created_at);

CREATE TABLE sequences (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;

-- What happened, in order; never changed.
CREATE TABLE journal (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    data TEXT NOT NULL,
    at TEXT NOT NULL
);
CREATE INDEX journal_by_subject ON journal (subject, number);

-- Work that agents and computes lease.
CREATE TABLE queue (
    item TEXT PRIMARY KEY,
    queue TEXT NOT NULL,
    payload TEXT NOT NULL,
    position INTEGER NOT NULL,
    holder TEXT,
    lease_until REAL,
    cancel_requested INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX queue_waiting ON queue (queue, holder, position);

CREATE TABLE timers (
    name TEXT PRIMARY KEY,
    due REAL NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    data TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX timers_by_due ON timers (due);

CREATE TABLE secrets (name TEXT PRIMARY KEY, sealed BLOB NOT NULL) WITHOUT ROWID;

-- What only grows: metric points, refused requests, requests of endpoints, lineage edges.
CREATE TABLE metric_points (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    tracking_run TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    step INTEGER NOT NULL,
    at INTEGER NOT NULL
);
CREATE INDEX metric_points_by_run ON metric_points (tracking_run, key, step);

CREATE TABLE refusals (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    at TEXT NOT NULL,
    protocol TEXT NOT NULL,
    method TEXT NOT NULL,
    target TEXT NOT NULL,
    reason TEXT NOT NULL
);

CREATE TABLE requests (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    endpoint TEXT NOT NULL,
    deployment TEXT NOT NULL,
    at TEXT NOT NULL,
    status INTEGER NOT NULL,
    milliseconds REAL NOT NULL,
    mirrored INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX requests_by_endpoint ON requests (endpoint, number);

CREATE TABLE edges (
    source TEXT NOT NULL,
    relation TEXT NOT NULL,
    target TEXT NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (source, relation, target)
) WITHOUT ROWID;
CREATE INDEX edges_by_target ON edges (target, relation);
