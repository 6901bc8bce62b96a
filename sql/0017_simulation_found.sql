-- What the simulation of pay (tests/sim) has found: a refund's money that goes back is booked at the time at which it went.

SET LOCAL ROLE moa_pay_owner;

-- pay.given_back(id): the gateway has done it.  Once, however often this is said.
CREATE OR REPLACE FUNCTION pay.given_back(wanted uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pay, pg_temp AS $$
DECLARE
	r refund;
BEGIN
	PERFORM FROM account a WHERE a.customer_id = (SELECT p.customer_id FROM payment p JOIN refund o ON o.payment_id = p.id
		WHERE o.id = wanted) FOR NO KEY UPDATE;
	UPDATE refund o SET given_back_at = moa.now() WHERE o.id = wanted AND o.give_back_won > 0 AND o.given_back_at IS NULL
	RETURNING * INTO r;
	IF r.id IS NULL THEN
		RETURN;
	END IF;
	UPDATE repayment t SET given_back_won = t.given_back_won + r.give_back_won WHERE t.id = repaid_in(r.payment_id);
	WITH j AS (INSERT INTO journal (kind, about, at) VALUES ('refunded', r.id::text, r.given_back_at) RETURNING id)
	INSERT INTO transfer (journal_id, unit, debit, credit, amount) SELECT j.id, 'won', 'refunding', 'gateway', r.give_back_won FROM j;
END
$$;
