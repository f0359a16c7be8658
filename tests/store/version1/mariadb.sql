-- Copyright (c) 2026, OceanBase OCP collection contributors
-- GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
-- SPDX-License-Identifier: GPL-3.0-or-later

-- A store of version 1 with a task that has FAILED and one that its executor left RUNNING, as mariadb-dump wrote it.

SET FOREIGN_KEY_CHECKS = 0;
CREATE TABLE `ocp_counter` (
  `name` varchar(16) NOT NULL,
  `next` bigint(20) NOT NULL,
  PRIMARY KEY (`name`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO `ocp_counter` VALUES ('subtask',14);
INSERT INTO `ocp_counter` VALUES ('task',3);
CREATE TABLE `ocp_host_lock` (
  `host_id` bigint(20) NOT NULL,
  `task_id` bigint(20) NOT NULL,
  PRIMARY KEY (`host_id`),
  KEY `task_id` (`task_id`),
  CONSTRAINT `ocp_host_lock_ibfk_1` FOREIGN KEY (`task_id`) REFERENCES `ocp_task` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO `ocp_host_lock` VALUES (1003,2);
CREATE TABLE `ocp_schema` (
  `id` int(11) NOT NULL,
  `version` int(11) NOT NULL,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO `ocp_schema` VALUES (1,1);
CREATE TABLE `ocp_subtask` (
  `task_id` bigint(20) NOT NULL,
  `id` bigint(20) NOT NULL,
  `series_id` bigint(20) NOT NULL,
  `stage` int(11) NOT NULL,
  `phase` varchar(64) NOT NULL,
  `timeout` bigint(20) NOT NULL,
  `parallel_idx` bigint(20) NOT NULL,
  `status` varchar(16) NOT NULL,
  `operation` varchar(16) NOT NULL,
  `run_time` bigint(20) NOT NULL,
  `started` varchar(40) DEFAULT NULL,
  `finished` varchar(40) DEFAULT NULL,
  `error` longtext DEFAULT NULL,
  `undo_tried` tinyint(1) NOT NULL,
  PRIMARY KEY (`task_id`,`id`),
  CONSTRAINT `ocp_subtask_ibfk_1` FOREIGN KEY (`task_id`) REFERENCES `ocp_task` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO `ocp_subtask` VALUES (1,1,0,0,'prepare',60,0,'SUCCESSFUL','EXECUTE',1,'2026-11-24T10:00:00.5+08:00','2026-11-24T10:00:09+08:00',NULL,0);
INSERT INTO `ocp_subtask` VALUES (1,2,1,0,'prepare',60,1,'FAILED','EXECUTE',1,'2026-11-24T10:00:00.5+08:00','2026-11-24T10:00:09+08:00','{\"code\": \"CMP07002\", \"message\": \"no way to the host\"}',0);
INSERT INTO `ocp_subtask` VALUES (1,3,2,1,'wait',30,-1,'PENDING','EXECUTE',1,NULL,NULL,NULL,0);
INSERT INTO `ocp_subtask` VALUES (1,4,3,2,'stop',600,0,'PENDING','EXECUTE',1,NULL,NULL,NULL,0);
INSERT INTO `ocp_subtask` VALUES (1,5,4,2,'stop',600,1,'PENDING','EXECUTE',1,NULL,NULL,NULL,0);
INSERT INTO `ocp_subtask` VALUES (1,6,5,3,'wait',30,-1,'PENDING','EXECUTE',1,NULL,NULL,NULL,0);
INSERT INTO `ocp_subtask` VALUES (1,7,6,4,'finish',60,0,'PENDING','EXECUTE',1,NULL,NULL,NULL,0);
INSERT INTO `ocp_subtask` VALUES (1,8,7,4,'finish',60,1,'PENDING','EXECUTE',1,NULL,NULL,NULL,0);
INSERT INTO `ocp_subtask` VALUES (2,9,0,0,'prepare',60,0,'READY','EXECUTE',1,NULL,NULL,NULL,0);
INSERT INTO `ocp_subtask` VALUES (2,10,1,1,'wait',30,-1,'PENDING','EXECUTE',1,NULL,NULL,NULL,0);
INSERT INTO `ocp_subtask` VALUES (2,11,2,2,'stop',600,0,'PENDING','EXECUTE',1,NULL,NULL,NULL,0);
INSERT INTO `ocp_subtask` VALUES (2,12,3,3,'wait',30,-1,'PENDING','EXECUTE',1,NULL,NULL,NULL,0);
INSERT INTO `ocp_subtask` VALUES (2,13,4,4,'finish',60,0,'PENDING','EXECUTE',1,NULL,NULL,NULL,0);
CREATE TABLE `ocp_subtask_log` (
  `task_id` bigint(20) NOT NULL,
  `subtask_id` bigint(20) NOT NULL,
  `number` bigint(20) NOT NULL,
  `text` longtext NOT NULL,
  PRIMARY KEY (`task_id`,`subtask_id`,`number`),
  CONSTRAINT `ocp_subtask_log_ibfk_1` FOREIGN KEY (`task_id`) REFERENCES `ocp_task` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO `ocp_subtask_log` VALUES (1,1,1,'a log');
CREATE TABLE `ocp_task` (
  `id` bigint(20) NOT NULL,
  `definition` varchar(64) NOT NULL,
  `creator` longtext NOT NULL,
  `creator_id` bigint(20) NOT NULL,
  `executor` longtext NOT NULL,
  `created` varchar(40) NOT NULL,
  `started` varchar(40) NOT NULL,
  `finished` varchar(40) DEFAULT NULL,
  `status` varchar(16) NOT NULL,
  `operation` varchar(16) NOT NULL,
  `max_fail_percentage` double NOT NULL,
  `prohibit_rollback` tinyint(1) NOT NULL,
  `exec_token` varchar(32) NOT NULL,
  `exec_host` longtext NOT NULL,
  `exec_boot_id` varchar(64) NOT NULL,
  `exec_namespace` varchar(64) NOT NULL,
  `exec_pid` bigint(20) NOT NULL,
  `exec_start` bigint(20) NOT NULL,
  `heartbeat` bigint(20) NOT NULL,
  `cancel` tinyint(1) NOT NULL,
  `reaped` tinyint(1) NOT NULL,
  `writes` bigint(20) NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `status` (`status`,`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO `ocp_task` VALUES (1,'batch_stop_agents','alice',7,'192.0.2.7','2026-11-24T10:00:00.5+08:00','2026-11-24T10:00:00.5+08:00','2026-11-24T10:00:09+08:00','FAILED','EXECUTE',0,0,'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','controller1','of-then','pid:[1]',4711,1,1795515705,0,0,1);
INSERT INTO `ocp_task` VALUES (2,'batch_stop_agents','alice',7,'192.0.2.7','2026-11-24T10:00:00.5+08:00','2026-11-24T10:00:00.5+08:00',NULL,'RUNNING','EXECUTE',0,0,'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','controller1','of-then','pid:[1]',4711,1,1795515705,0,0,0);
CREATE TABLE `ocp_task_host` (
  `task_id` bigint(20) NOT NULL,
  `position` bigint(20) NOT NULL,
  `host_id` bigint(20) NOT NULL,
  `host` longtext NOT NULL,
  `record` longtext NOT NULL,
  PRIMARY KEY (`task_id`,`position`),
  UNIQUE KEY `host_id` (`host_id`,`task_id`),
  CONSTRAINT `ocp_task_host_ibfk_1` FOREIGN KEY (`task_id`) REFERENCES `ocp_task` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO `ocp_task_host` VALUES (1,0,1001,'db1001','{\"home\": \"/home/admin/ocp_agent\", \"ran\": true, \"ran_as\": {\"generation\": \"gen2\", \"user\": \"root\", \"unit\": null, \"programs\": [\"ocp_agentd\"]}, \"touched\": []}');
INSERT INTO `ocp_task_host` VALUES (1,1,1002,'db1002','{\"home\": null, \"ran\": null, \"ran_as\": null, \"touched\": []}');
INSERT INTO `ocp_task_host` VALUES (2,0,1003,'db1003','{\"home\": null, \"ran\": null, \"ran_as\": null, \"touched\": []}');
