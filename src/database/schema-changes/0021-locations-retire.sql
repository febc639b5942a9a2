-- A location that is being emptied: nothing new is placed there, and what lies there is brought elsewhere.

alter table location add column retiring_at timestamptz;
alter table location add column retiring_by text;
alter table location add constraint location_retiring_check check ((retiring_at is null) = (retiring_by is null));
