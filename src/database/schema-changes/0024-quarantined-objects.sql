-- Objects without a good copy are few, asked for all the time, and must not cost a look at every object.
create index object_quarantined on object (bucket_id, key) where is_present and quarantined_because is not null;
