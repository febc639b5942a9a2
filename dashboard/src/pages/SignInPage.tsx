import { useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { signIn } from '../api/actions.ts'
import { ApiError } from '../api/api-error.ts'
import { errorWords } from '../api/error-words.ts'
import { sessionQuery } from '../api/queries.ts'
import { BrandMark } from '../components/AppFrame.tsx'
import { Button } from '../ui/Button.tsx'
import { CopyCommand } from '../ui/CopyCommand.tsx'
import { ErrorState } from '../ui/ErrorState.tsx'
import { Field } from '../ui/Field.tsx'

/** Asks for a token. `problem` says why a link with a token did not work. */
export function SignInPage({ problem }: { problem: unknown }): ReactNode {
  const queries = useQueryClient()
  const [token, setToken] = useState('')
  const [error, setError] = useState<unknown>(problem)
  const [busy, setBusy] = useState(false)
  async function enter(): Promise<void> {
    setBusy(true)
    try {
      queries.setQueryData(sessionQuery.queryKey, await signIn(token.trim()))
    } catch (failure) {
      setError(failure)
      setBusy(false)
    }
  }
  return (
    <main className="flex min-h-dvh items-center justify-center p-4">
      <form
        className="flex w-full max-w-sm flex-col gap-4 rounded-lg border border-line bg-surface p-6"
        onSubmit={event => {
          event.preventDefault()
          void enter()
        }}
      >
        <h1 className="flex items-center gap-2.5 text-lg font-semibold">
          <BrandMark /> Data in Motion
        </h1>
        {error === null ? null : <ErrorState words={wordsOf(error)} />}
        <Field
          label="Token"
          labelShown
          type="password"
          autoComplete="current-password"
          placeholder="dim_…"
          value={token}
          onValue={setToken}
        />
        <Button
          type="submit"
          variant="primary"
          busy={busy}
          disabledReason={token.trim() === '' ? 'Paste a token first.' : null}
        >
          Sign in
        </Button>
        <div className="flex flex-col gap-2 border-t border-line pt-4 text-ink-soft">
          <p>
            The first start prints an administrator’s token once; the demo prints a link that signs you in.
            More:
          </p>
          <CopyCommand command="dim token create --role viewer" />
        </div>
      </form>
    </main>
  )
}

function wordsOf(error: unknown) {
  if (error instanceof ApiError && error.kind === 'unauthorized') {
    return {
      what: 'This token is unknown, expired or revoked.',
      harm: 'Nothing was changed.',
      remedy: 'Check that all of it was pasted, or make a new one.',
    }
  }
  return errorWords(error)
}
