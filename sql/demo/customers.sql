-- The demo's customers, after ./ci/demo has registered them: one of every grade, and one who is overdue.

WITH figures (email, grade, grade_points, points, owed_won, standing) AS (VALUES
	('bronze@moa.example',   'bronze',     0,   120,      0, 'good'),
	('silver@moa.example',   'silver',    25,  1800,  30000, 'good'),
	('gold@moa.example',     'gold',      48,  5400,  52000, 'good'),
	('platinum@moa.example', 'platinum',  71,  9900,  80000, 'good'),
	('diamond@moa.example',  'diamond',  120, 24000,      0, 'good'),
	('blocked@moa.example',  'bronze',     0,     0, 100000, 'blocked')
)
UPDATE pay.account a
SET grade = f.grade, grade_points = f.grade_points, points = f.points, owed_won = f.owed_won, standing = f.standing
FROM figures f JOIN auth.customer c ON lower(c.email) = f.email
WHERE a.customer_id = c.id;
