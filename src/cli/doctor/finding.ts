/** One finding about the installation, with what to do about it. */
export interface Finding {
  readonly check: string
  readonly verdict: 'ok' | 'warning' | 'failed'
  readonly text: string
  readonly fix: string | null
}

/** Makes a finding that needs nothing. */
export function fine(check: string, text: string): Finding {
  return { check, verdict: 'ok', text, fix: null }
}
