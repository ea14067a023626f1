BEGIN TRANSACTION;
CREATE TABLE jobs (
	id TEXT NOT NULL, 
	principal TEXT NOT NULL, 
	state TEXT NOT NULL, 
	vendor TEXT NOT NULL, 
	model TEXT NOT NULL, 
	day TEXT NOT NULL, 
	fingerprint TEXT NOT NULL, 
	request_id TEXT, 
	created_at DOUBLE NOT NULL, 
	updated_at DOUBLE NOT NULL, 
	finished_at DOUBLE, 
	version BIGINT NOT NULL, 
	due_at DOUBLE, 
	lease_owner TEXT, 
	lease_until DOUBLE, 
	fence BIGINT NOT NULL, 
	tries BIGINT NOT NULL, 
	submit_token TEXT, 
	submitted_at DOUBLE, 
	vendor_id TEXT, 
	micros BIGINT NOT NULL, 
	actual BIGINT, 
	charged TEXT NOT NULL, 
	size TEXT NOT NULL, 
	seconds BIGINT NOT NULL, 
	with_image BOOLEAN NOT NULL, 
	basis TEXT NOT NULL, 
	source TEXT NOT NULL, 
	checked DATE NOT NULL, 
	confidence TEXT NOT NULL, 
	expected_s BIGINT NOT NULL, 
	progress DOUBLE, 
	said TEXT, 
	words TEXT NOT NULL, 
	prompt TEXT NOT NULL, 
	options TEXT NOT NULL, 
	warnings TEXT NOT NULL, 
	parents TEXT NOT NULL, 
	error TEXT, 
	artifact TEXT, 
	next TEXT, 
	media TEXT, 
	call TEXT, 
	PRIMARY KEY (id)
);
INSERT INTO "jobs" VALUES('v_7jzz2ev7m8','local','unknown','muvi','muvi:sora-2','2026-11-21','fbfb663b45ab49898ef80dea383065aa',NULL,1795262400.0,1795262400.0,NULL,2,NULL,NULL,NULL,1,0,'t',1795262400.0,NULL,1000000,NULL,'unknown','1280x720',4,0,'$1.00 per video','https://example.com/prices','2026-11-20','listed',180,NULL,NULL,'a paper boat drifts down a rainy street','A paper boat drifts down a rainy street','{"audio": true, "seed": 7}','["It may be gone."]','[]','{"code": "vendor_rejected", "message": "Muvi could not make this video.", "charged": "unknown", "vendor_message": "sorry"}',NULL,NULL,NULL,'{"method": "POST", "path": "/v1/jobs/submit", "body": {"prompt": "a paper boat", "seed": 7}, "query": [], "headers": [["x-trace", "1"]]}');
INSERT INTO "jobs" VALUES('v_2bvbmxcsas','local','completed','muvi','muvi:sora-2','2026-11-21','2f59c8a83ff9462e9fce8a81483634bb',NULL,1795262400.0,1795262400.0,1795262400.0,6,NULL,NULL,NULL,3,0,'t',1795262400.0,'at-v_2bvbmxcsas',1000000,NULL,'yes','1280x720',4,0,'$1.00 per video','https://example.com/prices','2026-11-20','listed',180,1.0,'completed','a paper boat drifts down a rainy street','A paper boat drifts down a rainy street','{"audio": true, "seed": 7}','["It may be gone."]','[]',NULL,'{"path": "/videos/boat.mp4", "bytes": 1000, "sha256": "0000000000000000000000000000000000000000000000000000000000000000", "duration_s": 4.0, "width": 1280, "height": 720}',NULL,NULL,NULL);
INSERT INTO "jobs" VALUES('v_92kgsg5639','local','failed','muvi','muvi:sora-2','2026-11-21','a059576de2cd41a7a1b0e9ac49801c6a',NULL,1795262400.0,1795262400.0,1795262400.0,9,NULL,NULL,NULL,3,0,'t',1795262400.0,'at-v_92kgsg5639',1000000,NULL,'no','1280x720',4,0,'$1.00 per video','https://example.com/prices','2026-11-20','listed',180,0.4,'processing','a paper boat drifts down a rainy street','A paper boat drifts down a rainy street','{"audio": true, "seed": 7}','["It may be gone."]','[]','{"code": "vendor_rejected", "message": "Muvi could not make this video.", "charged": "no", "vendor_message": "sorry"}',NULL,NULL,NULL,NULL);
INSERT INTO "jobs" VALUES('v_vzfy6bgdr5','local','cancelled','muvi','muvi:sora-2','2026-11-21','6dcb7fcf27b04effb70b4a54298d6335',NULL,1795262400.0,1795262400.0,1795262400.0,11,NULL,NULL,NULL,0,0,NULL,NULL,NULL,1000000,NULL,'no','1280x720',4,0,'$1.00 per video','https://example.com/prices','2026-11-20','listed',180,NULL,NULL,'a paper boat drifts down a rainy street','A paper boat drifts down a rainy street','{"audio": true, "seed": 7}','["It may be gone."]','[]',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "jobs" VALUES('v_8em2kenngq','local','queued','muvi','muvi:sora-2','2026-11-21','ee50fd2be6ab46d1b2e4e8ea759591e7',NULL,1795262400.0,1795262400.0,NULL,14,1.79522963527299022679e+09,NULL,NULL,3,0,'t',1795262400.0,'at-v_8em2kenngq',1000000,NULL,'held','1280x720',4,0,'$1.00 per video','https://example.com/prices','2026-11-20','listed',180,0.4,'processing','a paper boat drifts down a rainy street','A paper boat drifts down a rainy street','{"audio": true, "seed": 7}','["It may be gone."]','[]',NULL,NULL,'{"method": "GET", "path": "/v1/jobs/abc", "body": null, "query": [["full", "1"]], "headers": []}',NULL,NULL);
INSERT INTO "jobs" VALUES('v_pkd3k7yn2d','local','submitting','muvi','muvi:sora-2','2026-11-21','129ce90d65ea4387af996a4aa47fdd1b','r',1795262400.0,1795262400.0,NULL,15,1.79522963527701354029e+09,NULL,NULL,0,0,NULL,NULL,NULL,1000000,NULL,'held','1280x720',4,0,'$1.00 per video','https://example.com/prices','2026-11-20','listed',180,NULL,NULL,'a paper boat drifts down a rainy street','A paper boat drifts down a rainy street','{"audio": true, "seed": 7}','["It may be gone."]','[]',NULL,NULL,NULL,NULL,'{"method": "POST", "path": "/v1/jobs/submit", "body": {"prompt": "a paper boat", "seed": 7}, "query": [], "headers": [["x-trace", "1"]]}');
CREATE TABLE ledger (
	job_id TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	from_account TEXT NOT NULL, 
	to_account TEXT NOT NULL, 
	micros BIGINT NOT NULL CHECK (micros > 0), 
	day TEXT NOT NULL, 
	month TEXT NOT NULL, 
	vendor TEXT NOT NULL, 
	model TEXT NOT NULL, 
	at DOUBLE NOT NULL, 
	PRIMARY KEY (job_id, kind)
);
INSERT INTO "ledger" VALUES('v_7jzz2ev7m8','hold','budget','held:v_7jzz2ev7m8',1000000,'2026-11-21','2026-11','muvi','muvi:sora-2',1795262400.0);
INSERT INTO "ledger" VALUES('v_2bvbmxcsas','hold','budget','held:v_2bvbmxcsas',1000000,'2026-11-21','2026-11','muvi','muvi:sora-2',1795262400.0);
INSERT INTO "ledger" VALUES('v_2bvbmxcsas','settle','held:v_2bvbmxcsas','spent:muvi',1000000,'2026-11-21','2026-11','muvi','muvi:sora-2',1795262400.0);
INSERT INTO "ledger" VALUES('v_92kgsg5639','hold','budget','held:v_92kgsg5639',1000000,'2026-11-21','2026-11','muvi','muvi:sora-2',1795262400.0);
INSERT INTO "ledger" VALUES('v_92kgsg5639','release','held:v_92kgsg5639','budget',1000000,'2026-11-21','2026-11','muvi','muvi:sora-2',1795262400.0);
INSERT INTO "ledger" VALUES('v_vzfy6bgdr5','hold','budget','held:v_vzfy6bgdr5',1000000,'2026-11-21','2026-11','muvi','muvi:sora-2',1795262400.0);
INSERT INTO "ledger" VALUES('v_vzfy6bgdr5','release','held:v_vzfy6bgdr5','budget',1000000,'2026-11-21','2026-11','muvi','muvi:sora-2',1795262400.0);
INSERT INTO "ledger" VALUES('v_8em2kenngq','hold','budget','held:v_8em2kenngq',1000000,'2026-11-21','2026-11','muvi','muvi:sora-2',1795262400.0);
INSERT INTO "ledger" VALUES('v_pkd3k7yn2d','hold','budget','held:v_pkd3k7yn2d',1000000,'2026-11-21','2026-11','muvi','muvi:sora-2',1795262400.0);
CREATE TABLE meta (
	name TEXT NOT NULL, 
	value TEXT NOT NULL, 
	PRIMARY KEY (name)
);
INSERT INTO "meta" VALUES('schema','1');
CREATE TABLE orphans (
	vendor TEXT NOT NULL, 
	vendor_id TEXT NOT NULL, 
	job_id TEXT NOT NULL, 
	at DOUBLE NOT NULL, 
	PRIMARY KEY (vendor, vendor_id, job_id)
);
CREATE TABLE quotes (
	id TEXT NOT NULL, 
	principal TEXT NOT NULL, 
	fingerprint TEXT NOT NULL, 
	model TEXT NOT NULL, 
	size TEXT NOT NULL, 
	seconds BIGINT NOT NULL, 
	micros BIGINT NOT NULL, 
	prompt TEXT NOT NULL, 
	expires_at DOUBLE NOT NULL, 
	approved_at DOUBLE, 
	used_by TEXT, 
	PRIMARY KEY (id), 
	UNIQUE (used_by)
);
CREATE TABLE totals (
	window TEXT NOT NULL, 
	micros BIGINT NOT NULL, 
	ends_at DOUBLE, 
	PRIMARY KEY (window)
);
INSERT INTO "totals" VALUES('2026-11-21',4000000,1795305600.0);
INSERT INTO "totals" VALUES('2026-11',4000000,NULL);
CREATE UNIQUE INDEX jobs_by_vendor_id ON jobs (vendor, vendor_id);
CREATE INDEX jobs_by_age ON jobs (created_at, id);
CREATE INDEX jobs_by_state ON jobs (state, created_at, id);
CREATE INDEX jobs_by_model ON jobs (model, state, finished_at);
CREATE UNIQUE INDEX jobs_by_request ON jobs (principal, request_id);
CREATE UNIQUE INDEX jobs_by_version ON jobs (version);
CREATE INDEX jobs_of ON jobs (principal, created_at, id);
CREATE INDEX jobs_of_by_state ON jobs (principal, state, created_at, id);
CREATE INDEX jobs_due ON jobs (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX jobs_by_fingerprint ON jobs (principal, fingerprint, created_at);
CREATE INDEX ledger_by_month ON ledger (month, day);
CREATE INDEX quotes_by_fingerprint ON quotes (principal, fingerprint, expires_at);
COMMIT;
