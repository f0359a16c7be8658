-- Copyright (c) 2026, OceanBase OCP collection contributors
-- GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
-- SPDX-License-Identifier: GPL-3.0-or-later

-- A store of version 1 with a task that has FAILED and one that its executor left RUNNING, as pg_dump wrote it.

CREATE TABLE public.ocp_counter (
    name character varying(16) NOT NULL,
    next bigint NOT NULL
);

CREATE TABLE public.ocp_host_lock (
    host_id bigint NOT NULL,
    task_id bigint NOT NULL
);

CREATE TABLE public.ocp_schema (
    id integer NOT NULL,
    version integer NOT NULL
);

CREATE TABLE public.ocp_subtask (
    task_id bigint NOT NULL,
    id bigint NOT NULL,
    series_id bigint NOT NULL,
    stage integer NOT NULL,
    phase character varying(64) NOT NULL,
    timeout bigint NOT NULL,
    parallel_idx bigint NOT NULL,
    status character varying(16) NOT NULL,
    operation character varying(16) NOT NULL,
    run_time bigint NOT NULL,
    started character varying(40),
    finished character varying(40),
    error text,
    undo_tried boolean NOT NULL
);

CREATE TABLE public.ocp_subtask_log (
    task_id bigint NOT NULL,
    subtask_id bigint NOT NULL,
    number bigint NOT NULL,
    text text NOT NULL
);

CREATE TABLE public.ocp_task (
    id bigint NOT NULL,
    definition character varying(64) NOT NULL,
    creator text NOT NULL,
    creator_id bigint NOT NULL,
    executor text NOT NULL,
    created character varying(40) NOT NULL,
    started character varying(40) NOT NULL,
    finished character varying(40),
    status character varying(16) NOT NULL,
    operation character varying(16) NOT NULL,
    max_fail_percentage double precision NOT NULL,
    prohibit_rollback boolean NOT NULL,
    exec_token character varying(32) NOT NULL,
    exec_host text NOT NULL,
    exec_boot_id character varying(64) NOT NULL,
    exec_namespace character varying(64) NOT NULL,
    exec_pid bigint NOT NULL,
    exec_start bigint NOT NULL,
    heartbeat bigint NOT NULL,
    cancel boolean NOT NULL,
    reaped boolean NOT NULL,
    writes bigint NOT NULL
);

CREATE TABLE public.ocp_task_host (
    task_id bigint NOT NULL,
    "position" bigint NOT NULL,
    host_id bigint NOT NULL,
    host text NOT NULL,
    record text NOT NULL
);

INSERT INTO public.ocp_counter VALUES ('task', 3);
INSERT INTO public.ocp_counter VALUES ('subtask', 14);

INSERT INTO public.ocp_host_lock VALUES (1003, 2);

INSERT INTO public.ocp_schema VALUES (1, 1);

INSERT INTO public.ocp_subtask VALUES (1, 3, 2, 1, 'wait', 30, -1, 'PENDING', 'EXECUTE', 1, NULL, NULL, NULL, false);
INSERT INTO public.ocp_subtask VALUES (1, 4, 3, 2, 'stop', 600, 0, 'PENDING', 'EXECUTE', 1, NULL, NULL, NULL, false);
INSERT INTO public.ocp_subtask VALUES (1, 5, 4, 2, 'stop', 600, 1, 'PENDING', 'EXECUTE', 1, NULL, NULL, NULL, false);
INSERT INTO public.ocp_subtask VALUES (1, 6, 5, 3, 'wait', 30, -1, 'PENDING', 'EXECUTE', 1, NULL, NULL, NULL, false);
INSERT INTO public.ocp_subtask VALUES (1, 7, 6, 4, 'finish', 60, 0, 'PENDING', 'EXECUTE', 1, NULL, NULL, NULL, false);
INSERT INTO public.ocp_subtask VALUES (1, 8, 7, 4, 'finish', 60, 1, 'PENDING', 'EXECUTE', 1, NULL, NULL, NULL, false);
INSERT INTO public.ocp_subtask VALUES (1, 1, 0, 0, 'prepare', 60, 0, 'SUCCESSFUL', 'EXECUTE', 1, '2026-11-24T10:00:00.5+08:00', '2026-11-24T10:00:09+08:00', NULL, false);
INSERT INTO public.ocp_subtask VALUES (1, 2, 1, 0, 'prepare', 60, 1, 'FAILED', 'EXECUTE', 1, '2026-11-24T10:00:00.5+08:00', '2026-11-24T10:00:09+08:00', '{"code": "CMP07002", "message": "no way to the host"}', false);
INSERT INTO public.ocp_subtask VALUES (2, 9, 0, 0, 'prepare', 60, 0, 'READY', 'EXECUTE', 1, NULL, NULL, NULL, false);
INSERT INTO public.ocp_subtask VALUES (2, 10, 1, 1, 'wait', 30, -1, 'PENDING', 'EXECUTE', 1, NULL, NULL, NULL, false);
INSERT INTO public.ocp_subtask VALUES (2, 11, 2, 2, 'stop', 600, 0, 'PENDING', 'EXECUTE', 1, NULL, NULL, NULL, false);
INSERT INTO public.ocp_subtask VALUES (2, 12, 3, 3, 'wait', 30, -1, 'PENDING', 'EXECUTE', 1, NULL, NULL, NULL, false);
INSERT INTO public.ocp_subtask VALUES (2, 13, 4, 4, 'finish', 60, 0, 'PENDING', 'EXECUTE', 1, NULL, NULL, NULL, false);

INSERT INTO public.ocp_subtask_log VALUES (1, 1, 1, 'a log');

INSERT INTO public.ocp_task VALUES (1, 'batch_stop_agents', 'alice', 7, '192.0.2.7', '2026-11-24T10:00:00.5+08:00', '2026-11-24T10:00:00.5+08:00', '2026-11-24T10:00:09+08:00', 'FAILED', 'EXECUTE', 0, false, 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'controller1', 'of-then', 'pid:[1]', 4711, 1, 1795515703, false, false, 1);
INSERT INTO public.ocp_task VALUES (2, 'batch_stop_agents', 'alice', 7, '192.0.2.7', '2026-11-24T10:00:00.5+08:00', '2026-11-24T10:00:00.5+08:00', NULL, 'RUNNING', 'EXECUTE', 0, false, 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'controller1', 'of-then', 'pid:[1]', 4711, 1, 1795515703, false, false, 0);

INSERT INTO public.ocp_task_host VALUES (1, 1, 1002, 'db1002', '{"home": null, "ran": null, "ran_as": null, "touched": []}');
INSERT INTO public.ocp_task_host VALUES (1, 0, 1001, 'db1001', '{"home": "/home/admin/ocp_agent", "ran": true, "ran_as": {"generation": "gen2", "user": "root", "unit": null, "programs": ["ocp_agentd"]}, "touched": []}');
INSERT INTO public.ocp_task_host VALUES (2, 0, 1003, 'db1003', '{"home": null, "ran": null, "ran_as": null, "touched": []}');

ALTER TABLE ONLY public.ocp_counter
    ADD CONSTRAINT ocp_counter_pkey PRIMARY KEY (name);

ALTER TABLE ONLY public.ocp_host_lock
    ADD CONSTRAINT ocp_host_lock_pkey PRIMARY KEY (host_id);

ALTER TABLE ONLY public.ocp_schema
    ADD CONSTRAINT ocp_schema_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.ocp_subtask_log
    ADD CONSTRAINT ocp_subtask_log_pkey PRIMARY KEY (task_id, subtask_id, number);

ALTER TABLE ONLY public.ocp_subtask
    ADD CONSTRAINT ocp_subtask_pkey PRIMARY KEY (task_id, id);

ALTER TABLE ONLY public.ocp_task_host
    ADD CONSTRAINT ocp_task_host_host_id_task_id_key UNIQUE (host_id, task_id);

ALTER TABLE ONLY public.ocp_task_host
    ADD CONSTRAINT ocp_task_host_pkey PRIMARY KEY (task_id, "position");

ALTER TABLE ONLY public.ocp_task
    ADD CONSTRAINT ocp_task_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.ocp_task
    ADD CONSTRAINT ocp_task_status_id_key UNIQUE (status, id);

ALTER TABLE ONLY public.ocp_host_lock
    ADD CONSTRAINT ocp_host_lock_task_id_fkey FOREIGN KEY (task_id) REFERENCES public.ocp_task(id);

ALTER TABLE ONLY public.ocp_subtask_log
    ADD CONSTRAINT ocp_subtask_log_task_id_fkey FOREIGN KEY (task_id) REFERENCES public.ocp_task(id);

ALTER TABLE ONLY public.ocp_subtask
    ADD CONSTRAINT ocp_subtask_task_id_fkey FOREIGN KEY (task_id) REFERENCES public.ocp_task(id);

ALTER TABLE ONLY public.ocp_task_host
    ADD CONSTRAINT ocp_task_host_task_id_fkey FOREIGN KEY (task_id) REFERENCES public.ocp_task(id);
