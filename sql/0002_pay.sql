-- Pay: the grades, and one account per customer.  What is bought on credit, repaid and earned comes with the ledger;
-- here are the standing figures it will move, and the questions other domains may ask about them.

SET LOCAL ROLE moa_pay_owner;


-- The one grade table.  A customer's grade is the highest whose from_points they have, set on the first of each month.
CREATE TABLE pay.grade (
	grade text PRIMARY KEY,
	from_points integer NOT NULL UNIQUE CHECK (from_points BETWEEN 0 AND 150),  -- grade points
	limit_won bigint NOT NULL CHECK (limit_won > 0),                            -- won of credit at any one time
	earn_per_mille integer NOT NULL CHECK (earn_per_mille BETWEEN 0 AND 1000)   -- points per 1,000 won paid
);
INSERT INTO pay.grade (grade, from_points, limit_won, earn_per_mille) VALUES
	('bronze',    0, 100000,  2),
	('silver',   20, 150000,  6),
	('gold',     40, 200000, 10),
	('platinum', 60, 250000, 15),
	('diamond',  90, 300000, 20);


-- An account: what a customer may spend on credit, owes, and has in points.  The customer is a bare uuid: who that is,
-- only auth knows.  When a person leaves, the row stays for the books, with erased_at set, and answers nobody.
CREATE TABLE pay.account (
	customer_id uuid PRIMARY KEY,
	grade text NOT NULL DEFAULT 'bronze' REFERENCES pay.grade,
	grade_points integer NOT NULL DEFAULT 0 CHECK (grade_points BETWEEN 0 AND 150),  -- 1 for each 10,000 won repaid
	repaid_rest_won bigint NOT NULL DEFAULT 0 CHECK (repaid_rest_won BETWEEN 0 AND 9999),  -- not yet a grade point
	standing text NOT NULL DEFAULT 'good' CHECK (standing IN ('good', 'blocked')),
	owed_won bigint NOT NULL DEFAULT 0 CHECK (owed_won >= 0),                        -- bought and not yet repaid
	points bigint NOT NULL DEFAULT 0 CHECK (points >= 0),                            -- worth 1 won each
	opened_at timestamptz NOT NULL DEFAULT moa.now(),
	erased_at timestamptz
);


-- pay.open_account(customer): an account for somebody new: bronze, nothing owed, no points.
CREATE FUNCTION pay.open_account(customer uuid) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pay, pg_temp AS $$
	INSERT INTO account (customer_id) VALUES (customer)
$$;

-- pay.may_close(customer): is nothing owed?  Waits for a purchase or repayment that is under way, and holds the next one
-- up until the caller's transaction ends.
CREATE FUNCTION pay.may_close(customer uuid) RETURNS boolean
LANGUAGE sql SECURITY DEFINER SET search_path = pay, pg_temp AS $$
	WITH held AS (SELECT owed_won FROM account WHERE customer_id = customer FOR NO KEY UPDATE)
	SELECT NOT EXISTS (SELECT FROM held WHERE owed_won > 0)
$$;

-- pay.standing(customer): 'good' or 'blocked'; null for nobody's account.
CREATE FUNCTION pay.standing(customer uuid) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pay, pg_temp AS $$
	SELECT standing FROM account WHERE customer_id = customer AND erased_at IS NULL
$$;

-- pay.available_won(customer): what could be bought on credit now: the grade's limit less everything owed, and not below
-- 0 when a grade was lost.  Whether a blocked customer may buy is standing's to say.  Null for nobody's account.
CREATE FUNCTION pay.available_won(customer uuid) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pay, pg_temp AS $$
	SELECT greatest(g.limit_won - a.owed_won, 0)
	FROM account a JOIN grade g USING (grade)
	WHERE a.customer_id = customer AND a.erased_at IS NULL
$$;

-- pay.erase(customer): the person behind the account has left.  The books keep the row under its uuid, which from now on
-- leads to nobody.  Safe to repeat.
CREATE FUNCTION pay.erase(customer uuid) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pay, pg_temp AS $$
	UPDATE account SET erased_at = moa.now() WHERE customer_id = customer AND erased_at IS NULL
$$;


-- What pay offers, and to whom.  An owner is named beside its login role where functions of that domain ask too.
GRANT USAGE ON SCHEMA pay TO
	moa_auth, moa_auth_owner, moa_chatbot, moa_chatbot_owner, moa_shorts, moa_shorts_owner, moa_worker;
GRANT EXECUTE ON FUNCTION pay.open_account(uuid), pay.may_close(uuid) TO moa_auth, moa_auth_owner;
GRANT EXECUTE ON FUNCTION pay.standing(uuid) TO
	moa_auth, moa_auth_owner, moa_chatbot, moa_chatbot_owner, moa_shorts, moa_shorts_owner;
GRANT EXECUTE ON FUNCTION pay.available_won(uuid) TO moa_chatbot, moa_chatbot_owner;
GRANT EXECUTE ON FUNCTION pay.erase(uuid) TO moa_worker;
