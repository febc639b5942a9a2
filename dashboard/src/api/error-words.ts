import { ApiError, type ApiErrorKind } from './api-error.ts'

interface ErrorWords {
  readonly what: string
  readonly harm: string
  readonly remedy: string
}

const WORDS: Readonly<Record<ApiErrorKind, ErrorWords>> = {
  unreachable: {
    what: 'The server does not answer.',
    harm: 'Nothing is harmed: readers use the gateway, and moves go on or wait without this page.',
    remedy: 'This page tries again by itself. If it stays away, look at the process: dim doctor.',
  },
  unauthorized: {
    what: 'Your session has ended.',
    harm: 'Nothing was changed.',
    remedy: 'Sign in again with a token.',
  },
  forbidden: {
    what: 'Your token may not do this.',
    harm: 'Nothing was changed.',
    remedy: 'Ask for a token with the role operator or admin: dim token create.',
  },
  'not-found': {
    what: 'This does not exist, or no longer.',
    harm: 'Nothing was changed.',
    remedy: 'Go back to the list; it shows what there is now.',
  },
  conflict: {
    what: 'It changed while you looked.',
    harm: 'Nothing was changed by you.',
    remedy: 'Look at the present state, then decide again.',
  },
  invalid: {
    what: 'The server did not accept the request.',
    harm: 'Nothing was changed.',
    remedy: 'Correct what it names, then try again.',
  },
  busy: {
    what: 'The server is busy.',
    harm: 'Nothing was changed; readers are served first.',
    remedy: 'Try again in a few seconds, or narrow the search.',
  },
  server: {
    what: 'The server failed to answer.',
    harm: 'Objects are not touched by a failed page.',
    remedy: 'Try again; the reason is in the server’s log.',
  },
  aborted: { what: 'The request was given up.', harm: 'Nothing was changed.', remedy: 'Try again.' },
}

/** An error in three sentences: what happened, what was not harmed, what to do. */
export function errorWords(error: unknown): ErrorWords {
  if (!(error instanceof ApiError)) {
    return {
      what: `This page failed: ${error instanceof Error ? error.message : String(error)}`,
      harm: 'Only the page is affected; objects and moves are not.',
      remedy: 'Reload the page. If it happens again, please report it.',
    }
  }
  const words = WORDS[error.kind]
  const { problem } = error
  if (problem === null) return words
  const fields = (problem.errors ?? []).map(each => `${each.field}: ${each.message}`).join('; ')
  return { ...words, what: [problem.detail, fields].filter(Boolean).join(' ') }
}
