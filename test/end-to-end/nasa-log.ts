import path from 'node:path'

/** One day of the NASA Kennedy Space Center web server, 1 August 1995, beside the checkout. */
export const NASA_LOG = path.resolve(
  import.meta.dirname,
  '../../../shared/traces/dev/nasa-http-1995-08-01.csv.gz',
)

/** Why a test is skipped, and how to get what it needs. */
export const NASA_LOG_MISSING = `skipped: ${NASA_LOG} is not there. It is a table with the columns unix_time,object,status,bytes made from the NASA-HTTP trace of the Internet Traffic Archive (its first day of August 1995).`
