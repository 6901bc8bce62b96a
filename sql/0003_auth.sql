-- Auth: who the customers are, how they prove it, and the sessions they have open.
--
-- A password never comes here, only its Argon2id hash, made by the program.  The salt follows from the e-mail (keyed with
-- a secret of the program), so that the program can hash first and the comparison is part of the one statement that also
-- counts the failure or opens the session: there is no way to guess without being counted.
--
-- What the program calls returns a code, the public one of a refusal and null for success, and never raises: a failure
-- that was counted has to stay counted.

SET LOCAL ROLE moa_auth_owner;


-- Customers.  The id is made by the program, because it is bound into the encryption of the bank account.
CREATE TABLE auth.customer (
	id uuid PRIMARY KEY,
	email text NOT NULL CHECK (length(email) BETWEEN 3 AND 254),  -- as typed; compared by lower(email)
	password text NOT NULL CHECK (password LIKE '$argon2id$%'),   -- PHC string
	name text NOT NULL,
	nickname text,
	introduction text,
	birth_date date NOT NULL,
	bank_code text,
	bank_account bytea,             -- XChaCha20-Poly1305, sealed and opened by the program only
	language text NOT NULL CHECK (language IN ('ko', 'en')),
	interests text[] NOT NULL DEFAULT '{}' CHECK (cardinality(interests) <= 10),
	role text NOT NULL DEFAULT 'customer' CHECK (role IN ('customer', 'admin')),
	created_at timestamptz NOT NULL DEFAULT moa.now(),
	CHECK ((bank_code IS NULL) = (bank_account IS NULL))
);
CREATE UNIQUE INDEX customer_email ON auth.customer (lower(email));
CREATE INDEX customer_created ON auth.customer (created_at, id);
CREATE INDEX customer_words ON auth.customer
	USING gin (normalize(lower(email || ' ' || name || ' ' || coalesce(nickname, '')), NFD) public.gin_trgm_ops);

-- Sessions: one per sign-in, a family of refresh tokens.  A session ends by running out or by being revoked.
CREATE TABLE auth.session (
	id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	customer_id uuid NOT NULL REFERENCES auth.customer ON DELETE CASCADE,
	device text NOT NULL,           -- User-Agent of the latest use
	address text NOT NULL,          -- of the latest use
	created_at timestamptz NOT NULL DEFAULT moa.now(),
	last_used_at timestamptz NOT NULL DEFAULT moa.now(),
	expires_at timestamptz NOT NULL,
	revoked_at timestamptz
);
CREATE INDEX session_customer ON auth.session (customer_id, created_at, id);
CREATE INDEX session_expires ON auth.session (expires_at);

-- Refresh tokens, hashed.  The newest of a session has not been rotated; the others stay for as long as a token is good
-- for, counted from their rotation, so that a second use is noticed.
CREATE TABLE auth.refresh_token (
	hash bytea PRIMARY KEY CHECK (octet_length(hash) = 32),  -- BLAKE2b-256
	session_id uuid NOT NULL REFERENCES auth.session ON DELETE CASCADE,
	issued_at timestamptz NOT NULL DEFAULT moa.now(),
	rotated_at timestamptz          -- when its successor was made
);
CREATE INDEX refresh_token_session ON auth.refresh_token (session_id);
CREATE INDEX refresh_token_rotated ON auth.refresh_token (rotated_at);

-- One-time tokens for a new password, hashed.  moa-ctl makes them.
CREATE TABLE auth.reset_token (
	hash bytea PRIMARY KEY CHECK (octet_length(hash) = 32),  -- BLAKE2b-256
	customer_id uuid NOT NULL REFERENCES auth.customer ON DELETE CASCADE,
	expires_at timestamptz NOT NULL,
	used_at timestamptz
);
CREATE INDEX reset_token_customer ON auth.reset_token (customer_id);

-- Wrong passwords of the last minutes.  The account is a lower-case e-mail whether or not anybody has it: an unknown one
-- must not be told from a known one by its limit.
CREATE TABLE auth.failure (
	account text NOT NULL,
	address text NOT NULL,          -- the network (/64) where it is IPv6
	at timestamptz NOT NULL DEFAULT moa.now()
);
CREATE INDEX failure_account ON auth.failure (account, at);
CREATE INDEX failure_address ON auth.failure (address, at);
CREATE INDEX failure_at ON auth.failure (at);

-- The keys access tokens are signed with.  A new one is published before it is used, and stays published after the next
-- one took over, until no token signed with it can be alive.  These times are real ones, like the tokens' own.
CREATE TABLE auth.signing_key (
	kid text PRIMARY KEY,           -- base64url of BLAKE2b-128 of the public key
	public_key bytea NOT NULL CHECK (octet_length(public_key) = 32),
	sealed_seed bytea NOT NULL CHECK (octet_length(sealed_seed) = 72),  -- secretbox: nonce, then the sealed seed
	created_at timestamptz NOT NULL DEFAULT now(),
	active_from timestamptz NOT NULL,
	retired_at timestamptz
);

-- What administrators and operators did.  It outlives the customers, so it holds no names: actor and subject are ids, or
-- 'moa-ctl', and of what somebody looked for only the length is kept.
CREATE TABLE auth.audit (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	at timestamptz NOT NULL DEFAULT moa.now(),
	actor text NOT NULL,
	action text NOT NULL,
	subject text,
	detail jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX audit_at ON auth.audit (at);

-- Who left, and which domains have still to erase their part; the worker takes these rows up.
CREATE TABLE auth.erasure (
	customer_id uuid NOT NULL,
	domain text NOT NULL,
	asked_at timestamptz NOT NULL DEFAULT moa.now(),
	done_at timestamptz,
	tries integer NOT NULL DEFAULT 0,
	leased_until timestamptz,       -- a worker is at it, or waits before the next try
	PRIMARY KEY (customer_id, domain)
);
CREATE INDEX erasure_open ON auth.erasure (asked_at) WHERE done_at IS NULL;


-- A customer as the API shows one, but for bank_account, which the program opens and masks.
CREATE VIEW auth.me AS
	SELECT id, email, name, nickname, introduction, birth_date, bank_code, bank_account, language,
		to_json(interests) AS interests, pay.standing(id) AS standing, role,
		moa.rfc3339(created_at) AS created_at
	FROM auth.customer;

-- The public keys tokens are checked with.
CREATE VIEW auth.jwk AS
	SELECT kid, public_key FROM auth.signing_key WHERE retired_at IS NULL ORDER BY active_from;


-- Why a caller is refused by a limit; all null when it is not.
CREATE TYPE auth.refusal AS (
	limit_name text,
	limit_max integer,
	window_s integer,
	retry_after_s integer
);

-- All the program needs to make the tokens of a session.  kid is null while there is no key to sign with.
CREATE TYPE auth.admission AS (
	customer_id uuid,
	session_id uuid,
	role text,
	kid text,
	sealed_seed bytea,
	refresh_expires_s integer
);


-- auth.refuse(name, most, nth): the refusal by a limit of ${most} failures, the ${most}-newest of which was at ${nth}.
CREATE FUNCTION auth.refuse(name text, most integer, nth timestamptz) RETURNS auth.refusal
LANGUAGE sql STABLE AS $$
	SELECT name, most, 600, greatest(1, ceil(extract(epoch FROM nth + interval '10 minutes' - moa.now())))::integer
$$;

-- auth.guard(account, address): may a password of this account be compared for this address?  10 failures per account
-- and 100 per address in 10 minutes are the limit.  The locks, always taken in this order, last until the failure is
-- counted: of many guesses at once each sees those before it.
CREATE FUNCTION auth.guard(p_account text, p_address text) RETURNS auth.refusal
LANGUAGE plpgsql AS $$
DECLARE
	nth timestamptz;
BEGIN
	PERFORM pg_advisory_xact_lock(hashtext('auth.failure.account'), hashtext(p_account));
	PERFORM pg_advisory_xact_lock(hashtext('auth.failure.address'), hashtext(p_address));
	SELECT at INTO nth FROM auth.failure
	WHERE account = p_account AND at > moa.now() - interval '10 minutes' ORDER BY at DESC OFFSET 9 LIMIT 1;
	IF FOUND THEN
		RETURN auth.refuse('account', 10, nth);
	END IF;
	SELECT at INTO nth FROM auth.failure
	WHERE address = p_address AND at > moa.now() - interval '10 minutes' ORDER BY at DESC OFFSET 99 LIMIT 1;
	IF FOUND THEN
		RETURN auth.refuse('address', 100, nth);
	END IF;
	RETURN NULL;
END
$$;

-- auth.revoke_sessions(customer, keep): end all sessions of the customer but ${keep} (null: all); how many there were.
CREATE FUNCTION auth.revoke_sessions(p_customer uuid, p_keep uuid DEFAULT NULL) RETURNS bigint
LANGUAGE sql AS $$
	WITH ended AS (
		UPDATE auth.session SET revoked_at = moa.now()
		WHERE customer_id = p_customer AND id IS DISTINCT FROM p_keep
			AND revoked_at IS NULL AND expires_at > moa.now()
		RETURNING 1
	)
	SELECT count(*) FROM ended
$$;

-- auth.admit(session): what makes the session's tokens: its customer as of now, and the key in use.
CREATE FUNCTION auth.admit(p_session uuid) RETURNS auth.admission
LANGUAGE sql STABLE AS $$
	SELECT c.id, s.id, c.role, k.kid, k.sealed_seed, extract(epoch FROM s.expires_at - moa.now())::integer
	FROM auth.session s
	JOIN auth.customer c ON c.id = s.customer_id
	LEFT JOIN (
		SELECT kid, sealed_seed FROM auth.signing_key
		WHERE retired_at IS NULL AND active_from <= now() ORDER BY active_from DESC LIMIT 1
	) k ON true
	WHERE s.id = p_session
$$;

-- auth.open_session(customer, hash, device, address): a new session, whose first refresh token has this hash.  A customer
-- has at most 100 open ones: the oldest make room.
CREATE FUNCTION auth.open_session(p_customer uuid, p_hash bytea, p_device text, p_address text) RETURNS auth.admission
LANGUAGE plpgsql AS $$
DECLARE
	opened uuid;
BEGIN
	UPDATE auth.session SET revoked_at = moa.now() WHERE id IN (
		SELECT id FROM auth.session
		WHERE customer_id = p_customer AND revoked_at IS NULL AND expires_at > moa.now()
		ORDER BY created_at DESC, id DESC OFFSET 99);
	INSERT INTO auth.session (customer_id, device, address, expires_at)
	VALUES (p_customer, p_device, p_address, moa.now() + interval '30 days') RETURNING id INTO opened;
	INSERT INTO auth.refresh_token (hash, session_id) VALUES (p_hash, opened);
	RETURN auth.admit(opened);
END
$$;

-- auth.cursor_at(at, id), auth.cursor_read(cursor): a place in a list that is sorted by time and id, newest first.
-- cursor_read gives the place before all items for null, and nulls for what is not a cursor.
CREATE FUNCTION auth.cursor_at(at timestamptz, id uuid) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
	SELECT lpad(to_hex((extract(epoch FROM at) * 1000000)::bigint), 16, '0') || replace(id::text, '-', '')
$$;

CREATE FUNCTION auth.cursor_read(p_cursor text, OUT at timestamptz, OUT id uuid)
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
	IF p_cursor IS NULL THEN
		at := 'infinity';
		id := 'ffffffff-ffff-ffff-ffff-ffffffffffff';
	ELSIF p_cursor ~ '^0[0-9a-f]{47}$' THEN
		at := to_timestamp(0) + ('x' || left(p_cursor, 16))::bit(64)::bigint * interval '1 microsecond';
		id := right(p_cursor, 32)::uuid;
	END IF;
END
$$;


-- auth.register(...): a new customer with a pay account and a first session; email_taken.  The parallel twin of a
-- registration waits for it at the unique index and is then refused.
CREATE FUNCTION auth.register(
	p_id uuid, p_email text, p_password text, p_name text, p_birth_date date, p_bank_code text, p_bank_account bytea,
	p_language text, p_hash bytea, p_device text, p_address text,
	OUT code text, OUT me auth.me, OUT admission auth.admission)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = auth, pg_temp AS $$
BEGIN
	INSERT INTO customer (id, email, password, name, birth_date, bank_code, bank_account, language)
	VALUES (p_id, p_email, p_password, p_name, p_birth_date, p_bank_code, p_bank_account, p_language)
	ON CONFLICT (lower(email)) DO NOTHING;
	IF NOT FOUND THEN
		code := 'email_taken';
		RETURN;
	END IF;
	PERFORM pay.open_account(p_id);
	SELECT * INTO me FROM auth.me m WHERE m.id = p_id;
	admission := open_session(p_id, p_hash, p_device, p_address);
END
$$;

-- auth.login(...): a new session for the account, if this is its password; bad_credentials, rate_limited.  The lock on
-- the customer keeps the password as it is until the session is there, for a reset to end it, and waits for one that is
-- under way.
CREATE FUNCTION auth.login(
	p_account text, p_password text, p_network text, p_hash bytea, p_device text, p_address text,
	OUT code text, OUT refusal auth.refusal, OUT admission auth.admission)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = auth, pg_temp AS $$
DECLARE
	who uuid;
BEGIN
	refusal := guard(p_account, p_network);
	IF refusal.limit_name IS NOT NULL THEN
		code := 'rate_limited';
		RETURN;
	END IF;
	SELECT id INTO who FROM customer WHERE lower(email) = p_account AND password = p_password FOR SHARE;
	IF NOT FOUND THEN
		INSERT INTO failure (account, address) VALUES (p_account, p_network);
		code := 'bad_credentials';
		RETURN;
	END IF;
	admission := open_session(who, p_hash, p_device, p_address);
END
$$;

-- auth.refresh(hash, next, device, address): the token ${hash} is used and ${next} is its successor.  Used again within
-- 20 seconds (a lost reply, two tabs at once) it gives the same successor; later, somebody has a copy: refresh_reused,
-- and the session ends.  Also token_invalid, token_expired.
--
-- The session's row is the lock; the token is read again once it is held.
CREATE FUNCTION auth.refresh(p_hash bytea, p_next bytea, p_device text, p_address text,
	OUT code text, OUT admission auth.admission)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = auth, pg_temp AS $$
DECLARE
	held session;
	used refresh_token;
BEGIN
	SELECT s.* INTO held FROM session s
	WHERE s.id = (SELECT t.session_id FROM refresh_token t WHERE t.hash = p_hash) FOR UPDATE;
	SELECT t.* INTO used FROM refresh_token t WHERE t.hash = p_hash;
	IF NOT FOUND THEN
		code := 'token_invalid';
	ELSIF used.rotated_at <= moa.now() - interval '20 seconds' THEN
		UPDATE session SET revoked_at = moa.now() WHERE id = held.id AND revoked_at IS NULL;
		code := 'refresh_reused';
	ELSIF held.revoked_at IS NOT NULL THEN
		code := 'token_invalid';
	ELSIF held.expires_at <= moa.now() THEN
		code := 'token_expired';
	ELSE
		IF used.rotated_at IS NULL THEN
			INSERT INTO refresh_token (hash, session_id) VALUES (p_next, held.id);
			UPDATE refresh_token SET rotated_at = moa.now() WHERE hash = p_hash;
			UPDATE session SET device = p_device, address = p_address, last_used_at = moa.now(),
				expires_at = moa.now() + interval '30 days'
			WHERE id = held.id;
		END IF;
		admission := admit(held.id);
	END IF;
END
$$;

-- auth.logout(customer, hash): end the customer's session to which the refresh token belongs, whichever of its tokens it
-- is.  One that is unknown or somebody else's changes nothing and is no mistake: the caller is signed out either way.
CREATE FUNCTION auth.logout(p_customer uuid, p_hash bytea) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = auth, pg_temp AS $$
	UPDATE session SET revoked_at = moa.now()
	WHERE id = (SELECT session_id FROM refresh_token WHERE hash = p_hash)
		AND customer_id = p_customer AND revoked_at IS NULL
$$;

-- auth.sessions(customer, current, cursor, most): the customer's open sessions, newest first; invalid_cursor.
CREATE FUNCTION auth.sessions(p_customer uuid, p_current uuid, p_cursor text, p_most integer,
	OUT code text, OUT result json)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = auth, pg_temp AS $$
DECLARE
	after record;
BEGIN
	after := cursor_read(p_cursor);
	IF after.at IS NULL THEN
		code := 'invalid_cursor';
		RETURN;
	END IF;
	WITH found AS (
		SELECT s.*, row_number() OVER (ORDER BY s.created_at DESC, s.id DESC) AS nth FROM session s
		WHERE s.customer_id = p_customer AND s.revoked_at IS NULL AND s.expires_at > moa.now()
			AND (s.created_at, s.id) < (after.at, after.id)
		ORDER BY s.created_at DESC, s.id DESC LIMIT p_most + 1
	)
	SELECT json_build_object(
		'items', coalesce(json_agg(json_build_object(
			'id', id, 'device', device, 'address', address, 'created_at', moa.rfc3339(created_at),
			'last_used_at', moa.rfc3339(last_used_at), 'current', id = p_current) ORDER BY nth)
			FILTER (WHERE nth <= p_most), '[]'),
		'next_cursor', CASE WHEN count(*) > p_most
			THEN max(cursor_at(created_at, id)) FILTER (WHERE nth = p_most) END)
	INTO result FROM found;
END
$$;

-- auth.revoke_session(customer, session): end one of the customer's open sessions; not_found.
CREATE FUNCTION auth.revoke_session(p_customer uuid, p_session uuid) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = auth, pg_temp AS $$
BEGIN
	UPDATE session SET revoked_at = moa.now()
	WHERE id = p_session AND customer_id = p_customer AND revoked_at IS NULL AND expires_at > moa.now();
	RETURN CASE WHEN NOT FOUND THEN 'not_found' END;
END
$$;

-- auth.change_me(customer, changed, ...): set the columns named in ${changed} to the values given; the customer after it.
CREATE FUNCTION auth.change_me(p_customer uuid, p_changed text[], p_name text, p_nickname text, p_introduction text,
	p_birth_date date, p_bank_code text, p_bank_account bytea, p_language text, p_interests text[])
RETURNS SETOF auth.me
LANGUAGE plpgsql SECURITY DEFINER SET search_path = auth, pg_temp AS $$
BEGIN
	UPDATE customer SET
		name = CASE WHEN 'name' = ANY (p_changed) THEN p_name ELSE name END,
		nickname = CASE WHEN 'nickname' = ANY (p_changed) THEN p_nickname ELSE nickname END,
		introduction = CASE WHEN 'introduction' = ANY (p_changed) THEN p_introduction ELSE introduction END,
		birth_date = CASE WHEN 'birth_date' = ANY (p_changed) THEN p_birth_date ELSE birth_date END,
		bank_code = CASE WHEN 'bank_code' = ANY (p_changed) THEN p_bank_code ELSE bank_code END,
		bank_account = CASE WHEN 'bank_account' = ANY (p_changed) THEN p_bank_account ELSE bank_account END,
		language = CASE WHEN 'language' = ANY (p_changed) THEN p_language ELSE language END,
		interests = CASE WHEN 'interests' = ANY (p_changed) THEN p_interests ELSE interests END
	WHERE id = p_customer;
	RETURN QUERY SELECT * FROM auth.me m WHERE m.id = p_customer;
END
$$;

-- auth.change_password(customer, session, current, next, network): if ${current} is the password, ${next} is it from now
-- on and all sessions but this one end; bad_credentials and rate_limited as for login, token_invalid for nobody.
CREATE FUNCTION auth.change_password(p_customer uuid, p_session uuid, p_current text, p_next text, p_network text,
	OUT code text, OUT refusal auth.refusal)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = auth, pg_temp AS $$
DECLARE
	guarded text;
BEGIN
	SELECT lower(email) INTO guarded FROM customer WHERE id = p_customer;
	IF NOT FOUND THEN
		code := 'token_invalid';
		RETURN;
	END IF;
	refusal := guard(guarded, p_network);
	IF refusal.limit_name IS NOT NULL THEN
		code := 'rate_limited';
		RETURN;
	END IF;
	UPDATE customer SET password = p_next WHERE id = p_customer AND password = p_current;
	IF NOT FOUND THEN
		INSERT INTO failure (account, address) VALUES (guarded, p_network);
		code := 'bad_credentials';
		RETURN;
	END IF;
	PERFORM revoke_sessions(p_customer, p_session);
END
$$;

-- auth.reset_account(hash): whose password the reset token may set: the account; no row when it may set none.
CREATE FUNCTION auth.reset_account(p_hash bytea) RETURNS TABLE (account text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = auth, pg_temp AS $$
	SELECT lower(c.email) FROM reset_token t JOIN customer c ON c.id = t.customer_id
	WHERE t.hash = p_hash AND t.used_at IS NULL AND t.expires_at > moa.now()
$$;

-- auth.reset_password(hash, next): use the reset token: ${next} is the password, all sessions end, and failures are
-- forgotten, since the owner has been found; token_invalid.
CREATE FUNCTION auth.reset_password(p_hash bytea, p_next text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = auth, pg_temp AS $$
DECLARE
	who uuid;
BEGIN
	UPDATE reset_token SET used_at = moa.now()
	WHERE hash = p_hash AND used_at IS NULL AND expires_at > moa.now() RETURNING customer_id INTO who;
	IF NOT FOUND THEN
		RETURN 'token_invalid';
	END IF;
	UPDATE reset_token SET used_at = moa.now() WHERE customer_id = who AND used_at IS NULL;
	UPDATE customer SET password = p_next WHERE id = who;
	DELETE FROM failure WHERE account = (SELECT lower(email) FROM customer WHERE id = who);
	PERFORM revoke_sessions(who);
	RETURN NULL;
END
$$;

-- auth.leave(customer, password, network): forget the customer here, and have every domain that keeps something of
-- customers erase its part; money_owed, and bad_credentials, rate_limited, token_invalid as for change_password.
CREATE FUNCTION auth.leave(p_customer uuid, p_password text, p_network text, OUT code text, OUT refusal auth.refusal)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = auth, pg_temp AS $$
DECLARE
	guarded text;
BEGIN
	SELECT lower(email) INTO guarded FROM customer WHERE id = p_customer;
	IF NOT FOUND THEN
		code := 'token_invalid';
		RETURN;
	END IF;
	refusal := guard(guarded, p_network);
	IF refusal.limit_name IS NOT NULL THEN
		code := 'rate_limited';
		RETURN;
	END IF;
	PERFORM FROM customer WHERE id = p_customer AND password = p_password FOR UPDATE;
	IF NOT FOUND THEN
		INSERT INTO failure (account, address) VALUES (guarded, p_network);
		code := 'bad_credentials';
		RETURN;
	END IF;
	IF NOT pay.may_close(p_customer) THEN
		code := 'money_owed';
		RETURN;
	END IF;
	DELETE FROM customer WHERE id = p_customer;
	DELETE FROM failure WHERE account = guarded;
	INSERT INTO erasure (customer_id, domain)
	SELECT p_customer, n.nspname FROM pg_proc f JOIN pg_namespace n ON n.oid = f.pronamespace
	WHERE f.proname = 'erase' AND n.nspname IN ('pay', 'chatbot', 'shorts', 'dashboard');
END
$$;


-- auth.is_admin(customer): asked by what administrators call, so that a role that was taken away ends at once, not with
-- the token.
CREATE FUNCTION auth.is_admin(p_customer uuid) RETURNS boolean
LANGUAGE sql STABLE AS $$
	SELECT EXISTS (SELECT FROM auth.customer WHERE id = p_customer AND role = 'admin')
$$;

-- auth.admin_customers(actor, words, cursor, most): customers whose e-mail, name or nickname contains ${words} (null: all),
-- newest first; forbidden, invalid_cursor.
CREATE FUNCTION auth.admin_customers(p_actor uuid, p_words text, p_cursor text, p_most integer,
	OUT code text, OUT result json)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = auth, pg_temp AS $$
DECLARE
	after record;
	pattern text := '%' || regexp_replace(normalize(lower(coalesce(p_words, '')), NFD), '([\\%_])', '\\\1', 'g') || '%';
BEGIN
	IF NOT is_admin(p_actor) THEN
		code := 'forbidden';
		RETURN;
	END IF;
	after := cursor_read(p_cursor);
	IF after.at IS NULL THEN
		code := 'invalid_cursor';
		RETURN;
	END IF;
	INSERT INTO audit (actor, action, detail)
	VALUES (p_actor, 'customers.list', jsonb_build_object('q_length', length(p_words)));
	WITH found AS (
		SELECT c.*, row_number() OVER (ORDER BY c.created_at DESC, c.id DESC) AS nth FROM customer c
		WHERE normalize(lower(c.email || ' ' || c.name || ' ' || coalesce(c.nickname, '')), NFD) LIKE pattern
			AND (c.created_at, c.id) < (after.at, after.id)
		ORDER BY c.created_at DESC, c.id DESC LIMIT p_most + 1
	)
	SELECT json_build_object(
		'items', coalesce(json_agg(json_build_object(
			'id', id, 'email', email, 'name', name, 'nickname', nickname, 'language', language, 'role', role,
			'standing', pay.standing(id), 'created_at', moa.rfc3339(created_at)) ORDER BY nth)
			FILTER (WHERE nth <= p_most), '[]'),
		'next_cursor', CASE WHEN count(*) > p_most
			THEN max(cursor_at(created_at, id)) FILTER (WHERE nth = p_most) END)
	INTO result FROM found;
END
$$;

-- auth.admin_revoke(actor, customer): end all sessions of a customer; forbidden, not_found.
CREATE FUNCTION auth.admin_revoke(p_actor uuid, p_customer uuid, OUT code text, OUT result json)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = auth, pg_temp AS $$
DECLARE
	ended bigint;
BEGIN
	IF NOT is_admin(p_actor) THEN
		code := 'forbidden';
		RETURN;
	END IF;
	PERFORM FROM customer WHERE id = p_customer;
	IF NOT FOUND THEN
		code := 'not_found';
		RETURN;
	END IF;
	ended := revoke_sessions(p_customer);
	INSERT INTO audit (actor, action, subject, detail)
	VALUES (p_actor, 'customers.revoke_sessions', p_customer, jsonb_build_object('revoked', ended));
	result := json_build_object('customer_id', p_customer, 'revoked', ended);
END
$$;


-- auth.profile(ids): what other domains may know of customers.
CREATE FUNCTION auth.profile(ids uuid[]) RETURNS TABLE (id uuid, nickname text, language text, interests text[])
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = auth, pg_temp AS $$
	SELECT c.id, c.nickname, c.language, c.interests FROM customer c WHERE c.id = ANY (ids)
$$;

-- auth.next_erasure(): something a domain has still to erase, leased to the caller; a try that fails is repeated after
-- 1, 2, 4, ... minutes, at most an hour; overdue after an hour.  No row when there is nothing to do.
CREATE FUNCTION auth.next_erasure()
RETURNS TABLE (customer_id uuid, domain text, tries integer, asked_at text, overdue boolean)
LANGUAGE sql SECURITY DEFINER SET search_path = auth, pg_temp AS $$
	UPDATE erasure e
	SET tries = tries + 1, leased_until = moa.now() + least(power(2, least(tries, 6)), 60) * interval '1 minute'
	WHERE (e.customer_id, e.domain) = (
		SELECT o.customer_id, o.domain FROM erasure o
		WHERE o.done_at IS NULL AND (o.leased_until IS NULL OR o.leased_until <= moa.now())
		ORDER BY o.asked_at LIMIT 1 FOR UPDATE SKIP LOCKED
	)
	RETURNING e.customer_id, e.domain, e.tries, moa.rfc3339(e.asked_at), e.asked_at < moa.now() - interval '1 hour'
$$;

-- auth.erasure_done(customer, domain): the domain has erased its part.
CREATE FUNCTION auth.erasure_done(p_customer uuid, p_domain text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = auth, pg_temp AS $$
	UPDATE erasure SET done_at = moa.now() WHERE customer_id = p_customer AND domain = p_domain
$$;

-- auth.sweep(): delete what has run out; how many rows that were.  A session stays a day after its end, so that its
-- tokens are still told from unknown ones.
CREATE FUNCTION auth.sweep() RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = auth, pg_temp AS $$
	WITH sessions AS (
		DELETE FROM session
		WHERE expires_at < moa.now() - interval '1 day' OR revoked_at < moa.now() - interval '1 day' RETURNING 1
	), tokens AS (
		DELETE FROM refresh_token
		WHERE rotated_at < moa.now() - interval '30 days' RETURNING 1
	), resets AS (
		DELETE FROM reset_token WHERE expires_at < moa.now() - interval '1 day' RETURNING 1
	), failures AS (
		DELETE FROM failure WHERE at < moa.now() - interval '10 minutes' RETURNING 1
	), erasures AS (
		DELETE FROM erasure WHERE done_at < moa.now() - interval '30 days' RETURNING 1
	)
	SELECT (SELECT count(*) FROM sessions) + (SELECT count(*) FROM tokens) + (SELECT count(*) FROM resets)
		+ (SELECT count(*) FROM failures) + (SELECT count(*) FROM erasures)
$$;


-- What the auth program may do, and nothing else.
GRANT SELECT ON auth.me, auth.jwk TO moa_auth;
GRANT EXECUTE ON FUNCTION
	auth.register(uuid, text, text, text, date, text, bytea, text, bytea, text, text),
	auth.login(text, text, text, bytea, text, text),
	auth.refresh(bytea, bytea, text, text),
	auth.logout(uuid, bytea),
	auth.sessions(uuid, uuid, text, integer),
	auth.revoke_session(uuid, uuid),
	auth.change_me(uuid, text[], text, text, text, date, text, bytea, text, text[]),
	auth.change_password(uuid, uuid, text, text, text),
	auth.reset_account(bytea),
	auth.reset_password(bytea, text),
	auth.leave(uuid, text, text),
	auth.admin_customers(uuid, text, text, integer),
	auth.admin_revoke(uuid, uuid)
	TO moa_auth;

-- What auth offers to others.  An owner is named beside its login role where functions of that domain ask too.
GRANT USAGE ON SCHEMA auth TO
	moa_pay, moa_chatbot, moa_shorts, moa_dashboard, moa_worker,
	moa_pay_owner, moa_chatbot_owner, moa_shorts_owner, moa_dashboard_owner;
GRANT SELECT ON auth.jwk TO moa_pay, moa_chatbot, moa_shorts, moa_dashboard;
GRANT EXECUTE ON FUNCTION auth.profile(uuid[]) TO
	moa_pay, moa_chatbot, moa_shorts, moa_dashboard,
	moa_pay_owner, moa_chatbot_owner, moa_shorts_owner, moa_dashboard_owner;
GRANT EXECUTE ON FUNCTION auth.next_erasure(), auth.erasure_done(uuid, text), auth.sweep() TO moa_worker;
