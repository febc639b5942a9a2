-- Azure Blob Storage and Google Cloud Storage beside S3, folders and memory.

alter table store drop constraint store_kind_check;
alter table store add constraint store_kind_check
  check (kind in ('azure-blob', 'filesystem', 'gcs', 'memory', 's3'));
