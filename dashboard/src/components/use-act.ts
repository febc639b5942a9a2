import { useMutation, useQueryClient } from '@tanstack/react-query'
import { errorWords } from '../api/error-words.ts'
import { useToast } from '../ui/Toasts.tsx'

interface ActOptions<Wish, Answer> {
  readonly act: (wish: Wish) => Promise<Answer>
  /** What is said when it worked. */
  readonly done: (answer: Answer) => { readonly title: string; readonly description?: string }
  /** First parts of the query keys that are stale afterwards. */
  readonly stale: readonly string[]
  readonly onDone?: (answer: Answer) => void
}

/** Does something for a person, says how it went, and reads again what it changed. */
export function useAct<Wish, Answer>(
  options: ActOptions<Wish, Answer>,
): {
  act: (wish: Wish) => void
  busy: boolean
} {
  const queries = useQueryClient()
  const toast = useToast()
  const mutation = useMutation({
    mutationFn: options.act,
    onSuccess: answer => {
      toast(options.done(answer))
      options.onDone?.(answer)
    },
    onError: error => {
      const words = errorWords(error)
      toast({ title: words.what, description: `${words.harm} ${words.remedy}`, alarm: true })
    },
    onSettled: () => {
      for (const key of options.stale) void queries.invalidateQueries({ queryKey: [key] })
    },
  })
  return { act: mutation.mutate, busy: mutation.isPending }
}
