"""How many statements each of shorts' calls runs: one, but where the table says otherwise.  Growth is a fault."""

from test_pay_statements import Counted

from shorts_calls import shorts_calls
