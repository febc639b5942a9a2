import type { ScrubExpenses } from '../../domain/scrub.ts'
import type { Queryable } from '../postgres.ts'

/** Puts what was read without a result to be noted on the present day's account (UTC). */
export async function noteScrubExpenses(
  queryable: Queryable,
  { bytesRead, usd }: ScrubExpenses,
): Promise<void> {
  await queryable.query({
    name: 'scrub_note_expenses',
    text: `
      insert into scrub_day as d (day, bytes, usd) values ((now() at time zone 'utc')::date, $1, $2)
      on conflict (day) do update set bytes = d.bytes + excluded.bytes, usd = d.usd + excluded.usd`,
    values: [Math.round(bytesRead), usd],
  })
}
