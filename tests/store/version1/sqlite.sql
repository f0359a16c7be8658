-- Copyright (c) 2026, OceanBase OCP collection contributors
-- GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
-- SPDX-License-Identifier: GPL-3.0-or-later

-- A store of version 1 with a task that has FAILED and one that its executor left RUNNING, as SQLite's dump wrote it.

BEGIN TRANSACTION;
CREATE TABLE ocp_counter (
	name VARCHAR(16) NOT NULL,
	next BIGINT NOT NULL,
	PRIMARY KEY (name)
);
INSERT INTO "ocp_counter" VALUES('task',3);
INSERT INTO "ocp_counter" VALUES('subtask',14);
CREATE TABLE ocp_host_lock (
	host_id BIGINT NOT NULL,
	task_id BIGINT NOT NULL,
	PRIMARY KEY (host_id),
	FOREIGN KEY(task_id) REFERENCES ocp_task (id)
);
INSERT INTO "ocp_host_lock" VALUES(1003,2);
CREATE TABLE ocp_schema (
	id INTEGER NOT NULL,
	version INTEGER NOT NULL,
	PRIMARY KEY (id)
);
INSERT INTO "ocp_schema" VALUES(1,1);
CREATE TABLE ocp_subtask (
	task_id BIGINT NOT NULL,
	id BIGINT NOT NULL,
	series_id BIGINT NOT NULL,
	stage INTEGER NOT NULL,
	phase VARCHAR(64) NOT NULL,
	timeout BIGINT NOT NULL,
	parallel_idx BIGINT NOT NULL,
	status VARCHAR(16) NOT NULL,
	operation VARCHAR(16) NOT NULL,
	run_time BIGINT NOT NULL,
	started VARCHAR(40),
	finished VARCHAR(40),
	error TEXT,
	undo_tried BOOLEAN NOT NULL,
	PRIMARY KEY (task_id, id),
	FOREIGN KEY(task_id) REFERENCES ocp_task (id)
);
INSERT INTO "ocp_subtask" VALUES(1,3,2,1,'wait',30,-1,'PENDING','EXECUTE',1,NULL,NULL,NULL,0);
INSERT INTO "ocp_subtask" VALUES(1,4,3,2,'stop',600,0,'PENDING','EXECUTE',1,NULL,NULL,NULL,0);
INSERT INTO "ocp_subtask" VALUES(1,5,4,2,'stop',600,1,'PENDING','EXECUTE',1,NULL,NULL,NULL,0);
INSERT INTO "ocp_subtask" VALUES(1,6,5,3,'wait',30,-1,'PENDING','EXECUTE',1,NULL,NULL,NULL,0);
INSERT INTO "ocp_subtask" VALUES(1,7,6,4,'finish',60,0,'PENDING','EXECUTE',1,NULL,NULL,NULL,0);
INSERT INTO "ocp_subtask" VALUES(1,8,7,4,'finish',60,1,'PENDING','EXECUTE',1,NULL,NULL,NULL,0);
INSERT INTO "ocp_subtask" VALUES(1,1,0,0,'prepare',60,0,'SUCCESSFUL','EXECUTE',1,'2026-11-24T10:00:00.5+08:00','2026-11-24T10:00:09+08:00',NULL,0);
INSERT INTO "ocp_subtask" VALUES(1,2,1,0,'prepare',60,1,'FAILED','EXECUTE',1,'2026-11-24T10:00:00.5+08:00','2026-11-24T10:00:09+08:00','{"code": "CMP07002", "message": "no way to the host"}',0);
INSERT INTO "ocp_subtask" VALUES(2,9,0,0,'prepare',60,0,'READY','EXECUTE',1,NULL,NULL,NULL,0);
INSERT INTO "ocp_subtask" VALUES(2,10,1,1,'wait',30,-1,'PENDING','EXECUTE',1,NULL,NULL,NULL,0);
INSERT INTO "ocp_subtask" VALUES(2,11,2,2,'stop',600,0,'PENDING','EXECUTE',1,NULL,NULL,NULL,0);
INSERT INTO "ocp_subtask" VALUES(2,12,3,3,'wait',30,-1,'PENDING','EXECUTE',1,NULL,NULL,NULL,0);
INSERT INTO "ocp_subtask" VALUES(2,13,4,4,'finish',60,0,'PENDING','EXECUTE',1,NULL,NULL,NULL,0);
CREATE TABLE ocp_subtask_log (
	task_id BIGINT NOT NULL,
	subtask_id BIGINT NOT NULL,
	number BIGINT NOT NULL,
	text TEXT NOT NULL,
	PRIMARY KEY (task_id, subtask_id, number),
	FOREIGN KEY(task_id) REFERENCES ocp_task (id)
);
INSERT INTO "ocp_subtask_log" VALUES(1,1,1,'a log');
CREATE TABLE ocp_task (
	id BIGINT NOT NULL,
	definition VARCHAR(64) NOT NULL,
	creator TEXT NOT NULL,
	creator_id BIGINT NOT NULL,
	executor TEXT NOT NULL,
	created VARCHAR(40) NOT NULL,
	started VARCHAR(40) NOT NULL,
	finished VARCHAR(40),
	status VARCHAR(16) NOT NULL,
	operation VARCHAR(16) NOT NULL,
	max_fail_percentage DOUBLE NOT NULL,
	prohibit_rollback BOOLEAN NOT NULL,
	exec_token VARCHAR(32) NOT NULL,
	exec_host TEXT NOT NULL,
	exec_boot_id VARCHAR(64) NOT NULL,
	exec_namespace VARCHAR(64) NOT NULL,
	exec_pid BIGINT NOT NULL,
	exec_start BIGINT NOT NULL,
	heartbeat BIGINT NOT NULL,
	cancel BOOLEAN NOT NULL,
	reaped BOOLEAN NOT NULL,
	writes BIGINT NOT NULL,
	PRIMARY KEY (id),
	UNIQUE (status, id)
);
INSERT INTO "ocp_task" VALUES(1,'batch_stop_agents','alice',7,'192.0.2.7','2026-11-24T10:00:00.5+08:00','2026-11-24T10:00:00.5+08:00','2026-11-24T10:00:09+08:00','FAILED','EXECUTE',0.0,0,'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','controller1','of-then','pid:[1]',4711,1,1795515700,0,0,1);
INSERT INTO "ocp_task" VALUES(2,'batch_stop_agents','alice',7,'192.0.2.7','2026-11-24T10:00:00.5+08:00','2026-11-24T10:00:00.5+08:00',NULL,'RUNNING','EXECUTE',0.0,0,'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','controller1','of-then','pid:[1]',4711,1,1795515700,0,0,0);
CREATE TABLE ocp_task_host (
	task_id BIGINT NOT NULL,
	position BIGINT NOT NULL,
	host_id BIGINT NOT NULL,
	host TEXT NOT NULL,
	record TEXT NOT NULL,
	PRIMARY KEY (task_id, position),
	UNIQUE (host_id, task_id),
	FOREIGN KEY(task_id) REFERENCES ocp_task (id)
);
INSERT INTO "ocp_task_host" VALUES(1,1,1002,'db1002','{"home": null, "ran": null, "ran_as": null, "touched": []}');
INSERT INTO "ocp_task_host" VALUES(1,0,1001,'db1001','{"home": "/home/admin/ocp_agent", "ran": true, "ran_as": {"generation": "gen2", "user": "root", "unit": null, "programs": ["ocp_agentd"]}, "touched": []}');
INSERT INTO "ocp_task_host" VALUES(2,0,1003,'db1003','{"home": null, "ran": null, "ran_as": null, "touched": []}');
COMMIT;
