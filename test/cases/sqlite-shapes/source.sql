-- SQLite stores what it is given: another type in every second row, times in every notation.
CREATE TABLE site (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  code TEXT NOT NULL COLLATE NOCASE UNIQUE,
  name VARCHAR(5),
  opened DATE DEFAULT CURRENT_DATE,
  price DECIMAL(10,2) DEFAULT 1.50,
  active BOOLEAN NOT NULL DEFAULT 1,
  mixed INTEGER,
  anything,
  real_value REAL,
  body TEXT,
  raw BLOB,
  parent_id INTEGER REFERENCES site (id) ON DELETE CASCADE,
  twice INTEGER GENERATED ALWAYS AS (id * 2) STORED,
  CHECK (price >= 0)
);
INSERT INTO site (id, code, name, opened, price, active, mixed, anything, real_value, body, raw, parent_id) VALUES
 (1, 'Berlin', 'longer than five', '2010-05-01', 10.01, 1, 1, 'text', 0.1, 'plain', x'00ff', NULL),
 (2, 'Zürich', NULL, NULL, 99999999.99, 0, 'not a number', 2, -0.0, char(0) || 'nul', NULL, 1),
 (3, '北京😀', '', '0000-00-00', 0, 1, 1.5, 2.5, 9e999, CAST(x'fffe' AS TEXT), x'', 2),
 (9223372036854775807, 'max', 'x', 'yesterday', 0.07, 1, NULL, NULL, 1e-300, CAST(x'80' AS TEXT), NULL, 3),
 (-9223372036854775808, 'min', 'x', '2024-02-30', 1, 0, -9223372036854775808, x'00', NULL, char(1), NULL, NULL);

CREATE TABLE reading (
  device INTEGER NOT NULL,
  ts INTEGER NOT NULL,
  value REAL,
  note TEXT,
  PRIMARY KEY (device, ts)
) WITHOUT ROWID;
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 11999)
INSERT INTO reading SELECT i % 7, 1700000000000 + i * 1000, i / 7.0, CASE i % 50 WHEN 0 THEN '😀 ' || i END FROM n;

-- Text times without an index, in several notations; no key.
CREATE TABLE event_log (at TEXT, kind TEXT, payload);
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 5999)
INSERT INTO event_log SELECT strftime(CASE i % 3 WHEN 0 THEN '%Y-%m-%d %H:%M:%S' WHEN 1 THEN '%Y-%m-%dT%H:%M:%fZ' ELSE '%Y-%m-%d %H:%M:%f' END, 1700000000 + (i / 2) * 60, 'unixepoch'), 'k' || (i % 5), i FROM n;
INSERT INTO event_log VALUES (NULL, 'none', 1), ('', 'empty', 2), ('2024-01-01 00:00:00.1234567', 'seven digits', 3), ('2024-01-01T02:00:00+02:00', 'offset', 4), ('never', 'no time', 5), (x'00', 'blob', 6);

-- Epoch seconds with an index; a time of another class, NULL and infinite.
CREATE TABLE metric (id INTEGER PRIMARY KEY, t INTEGER, v REAL);
CREATE INDEX metric_t ON metric (t);
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 9999)
INSERT INTO metric SELECT i - 5000, 1700000000 + i * 10, i / 3.0 FROM n;
INSERT INTO metric VALUES (100001, NULL, 1), (100002, 'now', 2), (100003, 9e999, 3), (100004, -1, 4), (100005, 1700000000.5, 5);

CREATE TABLE tag (name TEXT PRIMARY KEY, site_id INTEGER REFERENCES site (id));
INSERT INTO tag VALUES ('a', 1), ('b', 4711), (NULL, NULL);
CREATE TABLE "Odd ""name""; drop" ("select" INTEGER, "Größe" TEXT);
INSERT INTO "Odd ""name""; drop" VALUES (1, 'x');
CREATE TABLE empty_table (id INTEGER PRIMARY KEY, at DATETIME);
CREATE VIEW hot AS SELECT * FROM reading WHERE value > 90;
