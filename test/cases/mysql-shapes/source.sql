-- Every shape of data that peers lose: loaded by an account without strict mode, as old applications do.
SET sql_mode = '';
SET time_zone = '+00:00';

CREATE TABLE site (
  id bigint unsigned NOT NULL AUTO_INCREMENT,
  code varchar(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci NOT NULL,
  name varchar(60) CHARACTER SET latin1 DEFAULT NULL COMMENT 'as painted on the door',
  opened date NOT NULL DEFAULT '0000-00-00',
  closed date DEFAULT NULL,
  open_hours time(3) DEFAULT NULL,
  shift_sum time(6) DEFAULT NULL,
  founded year DEFAULT NULL,
  flags set('roof','cellar','it''s "odd"','{x}') NOT NULL DEFAULT '',
  status enum('planned','open','closed') NOT NULL DEFAULT 'planned',
  area decimal(65,30) DEFAULT NULL,
  rate decimal(5,2) NOT NULL DEFAULT 1.50,
  ratio float DEFAULT NULL,
  exact double DEFAULT NULL,
  mask bit(10) DEFAULT NULL,
  active tinyint(1) NOT NULL DEFAULT 1,
  level tinyint(1) NOT NULL DEFAULT 0,
  tiny tinyint unsigned DEFAULT NULL,
  medium mediumint unsigned DEFAULT NULL,
  big bigint DEFAULT NULL,
  doc json DEFAULT NULL,
  logo longblob,
  fixed binary(4) DEFAULT NULL,
  memo longtext,
  created timestamp(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  parent_id bigint unsigned DEFAULT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY code (code),
  KEY name (name(10)),
  CONSTRAINT site_parent FOREIGN KEY (parent_id) REFERENCES site (id) ON DELETE SET NULL
) ENGINE=InnoDB COMMENT='where devices stand';

INSERT INTO site (id, code, name, opened, closed, open_hours, shift_sum, founded, flags, status, area, rate, ratio, exact, mask, active, level, tiny, medium, big, doc, logo, fixed, memo, created, parent_id) VALUES
 (1, 'Berlin', 'Käsehaus', '2010-05-01', NULL, '23:59:59.999', '838:59:59.000000', 1901, 'roof,cellar', 'open', '12345678901234567890123456789012345.123456789012345678901234567890', 999.99, 1234567.89, 0.1, b'1010101010', 1, 7, 255, 16777215, 9223372036854775807, '{"b": 1, "a": [1.50, "x"], "n": 12345678901234567890}', x'00FF7F80', x'01020304', REPEAT('x', 100000), '1970-01-01 00:00:01.000001', NULL),
 (2, 'Zürich', 'C''est ça', '1000-01-01', '1970-01-01', '00:00:00', '-838:59:59.000000', 2155, '', 'closed', '-0.000000000000000000000000000001', -999.99, -0.0, -1e308, b'0', 0, 0, 0, 0, -9223372036854775808, 'null', '', x'00000000', '', '2038-01-19 03:14:07.999999', 1),
 (3, '北京😀', NULL, '9999-12-31', '9999-12-31', NULL, '24:00:00', NULL, 'it''s "odd",{x}', 'planned', NULL, 0, 3.4028234e38, 5e-324, NULL, 1, 0, NULL, NULL, NULL, '[]', NULL, NULL, '\\N \t \n "quoted", back\\slash', '2024-02-29 12:00:00', 2),
 (18446744073709551615, 'huge', 'L''éclair €', '1000-01-01', NULL, NULL, NULL, 0, 'roof', 'no such label', 1, 1, 0.1, 1.7976931348623157e308, b'1111111111', 1, 1, 1, 1, 0, '"\\u0000"', NULL, NULL, 'ends with spaces  ', '2024-01-01 00:00:00', NULL);
INSERT INTO site (id, code, name, opened, closed, memo) VALUES
 (10, 'zero', NULL, '0000-00-00', NULL, NULL), (11, 'partial', NULL, '2020-01-01', '2010-00-00', NULL),
 (12, 'nul', CONCAT('a', CHAR(0), 'b'), '2020-01-01', NULL, NULL), (13, 'nul too', NULL, '2020-01-01', NULL, CONCAT('nul', CHAR(0), 'inside'));

CREATE TABLE device (
  id int unsigned NOT NULL AUTO_INCREMENT,
  site_id bigint unsigned NOT NULL,
  serial char(12) NOT NULL,
  uuid binary(16) DEFAULT NULL,
  installed datetime DEFAULT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY serial (serial),
  KEY site_id (site_id),
  CONSTRAINT device_site FOREIGN KEY (site_id) REFERENCES site (id)
) ENGINE=InnoDB;
INSERT INTO device VALUES
 (1, 1, 'A-1  ', x'00112233445566778899AABBCCDDEEFF', '2020-01-01 00:00:00'),
 (2, 2, 'b-2', NULL, NULL),
 (4294967295, 18446744073709551615, 'max', NULL, '1000-01-01 00:00:00');

CREATE TABLE orphan (
  id int NOT NULL,
  device_id int unsigned NOT NULL,
  PRIMARY KEY (id),
  CONSTRAINT orphan_device FOREIGN KEY (device_id) REFERENCES device (id)
) ENGINE=InnoDB;
SET foreign_key_checks = 0;
INSERT INTO orphan VALUES (1, 1), (2, 77);
SET foreign_key_checks = 1;

-- Keyed, clustered by the device, time without an index of its own.
CREATE TABLE reading (
  device_id int unsigned NOT NULL,
  ts datetime(6) NOT NULL,
  temp double DEFAULT NULL,
  hum float DEFAULT NULL,
  cnt bigint unsigned NOT NULL,
  ok tinyint(1) NOT NULL,
  PRIMARY KEY (device_id, ts),
  CONSTRAINT reading_device FOREIGN KEY (device_id) REFERENCES device (id)
) ENGINE=InnoDB;
INSERT INTO reading
 SELECT 1 + (n % 2), TIMESTAMPADD(MICROSECOND, n * 61000003, '2024-01-01 00:00:00'), SIN(n) * 100, n / 7, n, n % 2
 FROM (SELECT a.x + 10 * b.x + 100 * c.x + 1000 * d.x AS n
   FROM (SELECT 0 x UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9) a,
        (SELECT 0 x UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9) b,
        (SELECT 0 x UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9) c,
        (SELECT 0 x UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9) d) numbers;
-- Stray instants: long ago, far ahead, and a time that is no time.
INSERT INTO reading VALUES (1, '1000-01-01 00:00:00', 1, 1, 0, 1), (2, '9999-12-31 23:59:59.999999', 2, 2, 18446744073709551615, 0), (2, '0000-00-00 00:00:00', 3, 3, 3, 1);

-- No key at all, equal rows, NULL and zero times.
CREATE TABLE event_log (
  at datetime(3) DEFAULT NULL,
  kind varchar(20) NOT NULL,
  payload varbinary(200) DEFAULT NULL,
  KEY at (at)
) ENGINE=InnoDB;
INSERT INTO event_log SELECT TIMESTAMPADD(MICROSECOND, CEIL(cnt / 3) * 90001000, '2023-12-31 23:00:00'), CONCAT('k', cnt % 5), UNHEX(HEX(cnt % 256)) FROM reading WHERE cnt < 9000 AND ts BETWEEN '2023-12-01' AND '2025-12-31';
INSERT INTO event_log VALUES (NULL, 'no time', NULL), ('0000-00-00 00:00:00', 'zero', NULL), ('1969-12-31 23:59:59.999', 'before', x'00'), ('1969-12-31 23:59:59.999', 'before', x'00');

-- Epoch columns: milliseconds with an index; seconds and microseconds beside it; negative and huge keys.
CREATE TABLE epoch_metric (
  id bigint NOT NULL,
  t bigint NOT NULL,
  t_s int NOT NULL,
  t_us bigint NOT NULL,
  v double NOT NULL,
  PRIMARY KEY (id),
  KEY t (t)
) ENGINE=InnoDB;
INSERT INTO epoch_metric SELECT CAST(cnt AS SIGNED) - 5000, 1700000000000 + cnt * 1000, 1700000000 + cnt, 1700000000000000 + cnt * 1000000, cnt / 3 FROM reading WHERE cnt < 10000 AND ts BETWEEN '2023-12-01' AND '2025-12-31';
INSERT INTO epoch_metric VALUES (-9223372036854775808, -1, -1, -1, 0), (9223372036854775807, 1700000000001, 1700000000, 1700000000000001, 0);

CREATE TABLE empty_series (id bigint NOT NULL AUTO_INCREMENT, ts timestamp(3) NOT NULL, v double, PRIMARY KEY (id), KEY ts (ts)) ENGINE=InnoDB;
CREATE TABLE `Odd "name"; drop` (`select` int NOT NULL, `Größe in cm` decimal(6,3), `länge_über_alles_größer_als_dreiundsechzig_bytes_möglich_äöüß` int, PRIMARY KEY (`select`)) ENGINE=InnoDB;
INSERT INTO `Odd "name"; drop` VALUES (1, 1.5, 1), (-2147483648, -999.999, NULL);
CREATE VIEW hot AS SELECT * FROM reading WHERE temp > 90;
