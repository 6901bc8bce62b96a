-- The ground everything stands on: roles, schemas and the rights between them, the clock, idempotency.
--
-- A migration is one transaction, run by moa-ctl as a superuser.  It makes its objects under the role that shall own
-- them (SET LOCAL ROLE moa_pay_owner), so that the default privileges below hold: nobody may call a function that was
-- not granted by name.


-- Hangul has no trigrams under LC_CTYPE C, and the texts are UTF-8: say so now instead of finding nothing later.
DO $$
BEGIN
	IF current_setting('server_encoding') <> 'UTF8' OR EXISTS (
		SELECT FROM pg_database
		WHERE datname = current_database() AND datlocprovider = 'c' AND datctype IN ('C', 'POSIX')
	) THEN
		RAISE EXCEPTION 'the database needs encoding UTF8 and a character type other than C'
			USING HINT = 'CREATE DATABASE moa TEMPLATE template0 ENCODING ''UTF8'' LOCALE ''C.UTF-8''';
	END IF;
END
$$;


-- Roles belong to the cluster, not to the database: they may be there already, and another database may be making them
-- at this moment.  This lock, on a catalog all databases share, lets one migration at a time look and make.
LOCK TABLE pg_catalog.pg_authid IN SHARE ROW EXCLUSIVE MODE;

-- Each domain has two roles: moa_<domain>_owner owns the schema and runs its functions but cannot log in; moa_<domain>
-- is what the program logs in as and owns nothing.  Passwords are set afterwards, by "moa-ctl role password".
DO $$
DECLARE
	domain text;
	login text;
BEGIN
	FOREACH domain IN ARRAY ARRAY['', 'auth_', 'pay_', 'chatbot_', 'shorts_', 'dashboard_'] LOOP
		IF to_regrole(format('moa_%sowner', domain)) IS NULL THEN
			EXECUTE format('CREATE ROLE moa_%sowner NOLOGIN', domain);
		END IF;
	END LOOP;
	FOREACH login IN ARRAY ARRAY['auth', 'pay', 'chatbot', 'shorts', 'dashboard', 'worker'] LOOP
		IF to_regrole('moa_' || login) IS NULL THEN
			EXECUTE format('CREATE ROLE moa_%s LOGIN', login);
		END IF;
	END LOOP;
END
$$;

-- The programs give a request 1.5 s and close the connection afterwards; these end what is then still running here.
-- The worker has nobody waiting for it.
DO $$
DECLARE
	login text;
	patience text;       -- for a statement, and for a transaction that has stopped half-way
	lock_patience text;  -- for a row or key somebody else holds
BEGIN
	FOR login, patience, lock_patience IN VALUES
		('auth', '3s', '2s'), ('pay', '3s', '2s'), ('chatbot', '3s', '2s'), ('shorts', '3s', '2s'),
		('dashboard', '3s', '2s'), ('worker', '60s', '10s')
	LOOP
		EXECUTE format('ALTER ROLE moa_%s SET statement_timeout = %L', login, patience);
		EXECUTE format('ALTER ROLE moa_%s SET lock_timeout = %L', login, lock_patience);
		EXECUTE format('ALTER ROLE moa_%s SET idle_in_transaction_session_timeout = %L', login, patience);
		EXECUTE format('ALTER ROLE moa_%s SET timezone = %L', login, 'UTC');
		EXECUTE format('ALTER ROLE moa_%s SET jit = off', login);
	END LOOP;
END
$$;


-- Only moa's programs connect to this database, and they keep nothing in it but what the schemas hold.
DO $$
BEGIN
	EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
	EXECUTE format('GRANT CONNECT ON DATABASE %I TO moa_auth, moa_pay, moa_chatbot, moa_shorts, moa_dashboard, '
		'moa_worker', current_database());
END
$$;

-- Letter trigrams, for search in product names and titles.  Everyone may use what is in public, nobody adds to it.
CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA public;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;

CREATE SCHEMA moa AUTHORIZATION moa_owner;
CREATE SCHEMA auth AUTHORIZATION moa_auth_owner;
CREATE SCHEMA pay AUTHORIZATION moa_pay_owner;
CREATE SCHEMA chatbot AUTHORIZATION moa_chatbot_owner;
CREATE SCHEMA shorts AUTHORIZATION moa_shorts_owner;
CREATE SCHEMA dashboard AUTHORIZATION moa_dashboard_owner;

GRANT USAGE ON SCHEMA auth TO moa_auth;
GRANT USAGE ON SCHEMA pay TO moa_pay;
GRANT USAGE ON SCHEMA chatbot TO moa_chatbot;
GRANT USAGE ON SCHEMA shorts TO moa_shorts;
GRANT USAGE ON SCHEMA dashboard TO moa_dashboard;
GRANT USAGE ON SCHEMA moa TO
	moa_auth_owner, moa_pay_owner, moa_chatbot_owner, moa_shorts_owner, moa_dashboard_owner,
	moa_auth, moa_pay, moa_chatbot, moa_shorts, moa_dashboard, moa_worker;

ALTER DEFAULT PRIVILEGES FOR ROLE
	moa_owner, moa_auth_owner, moa_pay_owner, moa_chatbot_owner, moa_shorts_owner, moa_dashboard_owner
	REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE
	moa_owner, moa_auth_owner, moa_pay_owner, moa_chatbot_owner, moa_shorts_owner, moa_dashboard_owner
	REVOKE USAGE ON TYPES FROM PUBLIC;


SET LOCAL ROLE moa_owner;

-- The migrations this database has seen.  moa-ctl adds a row in the transaction of the migration itself, and refuses
-- to go on when a file no longer has the checksum it was applied with.
CREATE TABLE moa.migration (
	number integer PRIMARY KEY CHECK (number > 0),
	name text NOT NULL,            -- the file's, without number and ".sql"
	checksum text NOT NULL,        -- BLAKE2b-256 of the file, hex
	applied_at timestamptz NOT NULL DEFAULT now()
);


-- The clock, one row.  In test mode moa.now() runs ahead of (or behind) the real time by a fixed amount, so that
-- month-ends come in milliseconds.  moa-ctl refuses test mode where there are customers.
CREATE TABLE moa.clock (
	one boolean PRIMARY KEY DEFAULT true CHECK (one),
	test_mode boolean NOT NULL DEFAULT false,
	shift interval NOT NULL DEFAULT '0',  -- seconds, without days or months: added to the real time
	CHECK (test_mode OR shift = '0')
);
INSERT INTO moa.clock DEFAULT VALUES;
GRANT SELECT ON moa.clock TO
	moa_auth_owner, moa_pay_owner, moa_chatbot_owner, moa_shorts_owner, moa_dashboard_owner,
	moa_auth, moa_pay, moa_chatbot, moa_shorts, moa_dashboard, moa_worker;

-- moa.now(): the time, for every rule there is.  The same throughout a transaction.
CREATE FUNCTION moa.now() RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE AS $$
	SELECT pg_catalog.now() + shift FROM moa.clock
$$;

-- moa.rfc3339(t): t as clients read times: UTC, milliseconds, "2026-11-22T03:04:05.123Z".
CREATE FUNCTION moa.rfc3339(t timestamptz) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE AS $$
	SELECT to_char(t AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
$$;

GRANT EXECUTE ON FUNCTION moa.now(), moa.rfc3339(timestamptz) TO
	moa_auth_owner, moa_pay_owner, moa_chatbot_owner, moa_shorts_owner, moa_dashboard_owner,
	moa_auth, moa_pay, moa_chatbot, moa_shorts, moa_dashboard, moa_worker;


-- moa.install_idempotency(domain): give the schema its table of claimed Idempotency-Keys and the functions its business
-- functions use.  Claim, change and result commit together:
--
--	SELECT * INTO claim FROM pay.claim_key(caller, key, hash);
--	IF claim.code IS NOT NULL OR claim.replayed THEN
--		RETURN claim;                              -- (code, result, replayed): what resp_result expects
--	END IF;
--	IF <refused> THEN
--		PERFORM pay.release_key(caller, key);      -- a refusal keeps no claim
--		RETURN ...;
--	END IF;
--	...
--	PERFORM pay.keep_result(caller, key, result);
--
-- A second call with the same key waits in claim_key until the first has ended: after a commit it gets the result, after
-- a rollback or a release the key is its own.  After a second of that it is refused, while its program still listens.
-- This needs READ COMMITTED.
CREATE FUNCTION moa.install_idempotency(domain text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $install$
DECLARE
	owner name := (SELECT nspowner::regrole FROM pg_namespace WHERE nspname = domain);
	signature text;
BEGIN
	EXECUTE format($sql$
		CREATE TABLE %1$I.idempotency (
			caller text NOT NULL,           -- who: a customer's or merchant's id
			key text NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
			request_hash bytea NOT NULL CHECK (octet_length(request_hash) = 32),
			result jsonb,                   -- null while an operation of two commits is between them
			created_at timestamptz NOT NULL DEFAULT moa.now(),
			PRIMARY KEY (caller, key)
		);
		CREATE INDEX ON %1$I.idempotency (created_at);
		COMMENT ON TABLE %1$I.idempotency IS 'Idempotency-Keys and what came of them, kept for two days';

		CREATE FUNCTION %1$I.claim_key(claim_caller text, claim_key text, claim_hash bytea,
			OUT code text, OUT result jsonb, OUT replayed boolean)
		LANGUAGE plpgsql SET lock_timeout = '1s' AS $$
		DECLARE
			earlier %1$I.idempotency;
		BEGIN
			replayed := false;
			LOOP
				INSERT INTO %1$I.idempotency (caller, key, request_hash)
				VALUES (claim_caller, claim_key, claim_hash) ON CONFLICT DO NOTHING;
				IF FOUND THEN
					RETURN;
				END IF;
				SELECT * INTO earlier FROM %1$I.idempotency i
				WHERE i.caller = claim_caller AND i.key = claim_key;
				-- Not found: swept away between the two statements, so the key is free again.
				EXIT WHEN FOUND;
			END LOOP;
			IF earlier.request_hash <> claim_hash THEN
				code := 'idempotency_key_reused';
			ELSIF earlier.result IS NULL THEN
				code := 'idempotency_in_progress';
			ELSE
				result := earlier.result;
				replayed := true;
			END IF;
		EXCEPTION WHEN lock_not_available THEN
			code := 'idempotency_in_progress';
		END
		$$;

		CREATE FUNCTION %1$I.keep_result(claim_caller text, claim_key text, kept jsonb) RETURNS void
		LANGUAGE sql AS $$
			UPDATE %1$I.idempotency SET result = kept WHERE caller = claim_caller AND key = claim_key
		$$;

		CREATE FUNCTION %1$I.release_key(claim_caller text, claim_key text) RETURNS void
		LANGUAGE sql AS $$
			DELETE FROM %1$I.idempotency WHERE caller = claim_caller AND key = claim_key
		$$;

		-- Twice the day clients may count on, so that nobody meets the edge.
		CREATE FUNCTION %1$I.sweep_keys() RETURNS bigint
		LANGUAGE sql SECURITY DEFINER SET search_path = %1$I, pg_temp AS $$
			WITH gone AS (
				DELETE FROM %1$I.idempotency WHERE created_at < moa.now() - interval '48 hours' RETURNING 1
			)
			SELECT count(*) FROM gone
		$$;
	$sql$, domain);
	EXECUTE format('ALTER TABLE %I.idempotency OWNER TO %I', domain, owner);
	FOREACH signature IN ARRAY ARRAY['claim_key(text, text, bytea)', 'keep_result(text, text, jsonb)',
		'release_key(text, text)', 'sweep_keys()']
	LOOP
		EXECUTE format('ALTER FUNCTION %I.%s OWNER TO %I', domain, signature, owner);
		EXECUTE format('REVOKE ALL ON FUNCTION %I.%s FROM PUBLIC', domain, signature);
	END LOOP;
	EXECUTE format('GRANT USAGE ON SCHEMA %I TO moa_worker', domain);
	EXECUTE format('GRANT EXECUTE ON FUNCTION %I.sweep_keys() TO moa_worker', domain);
END
$install$;

GRANT EXECUTE ON FUNCTION moa.install_idempotency(text) TO
	moa_auth_owner, moa_pay_owner, moa_chatbot_owner, moa_shorts_owner, moa_dashboard_owner;
