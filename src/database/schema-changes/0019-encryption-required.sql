-- Whether the policy of a migration's plan asks for a target that encrypts.
alter table migration add column encryption_required boolean not null default false;
