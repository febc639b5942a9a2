import { Toast } from '@base-ui/react/toast'
import type { ReactNode } from 'react'
import { Button } from './Button.tsx'
import { classNames } from './class-names.ts'

/** Short answers to what somebody did, at the edge of the page; each is read aloud. */
export function ToastProvider({ children }: { children: ReactNode }): ReactNode {
  return (
    <Toast.Provider timeout={6_000} limit={3}>
      {children}
      <Toast.Portal>
        <Toast.Viewport className="fixed right-4 bottom-4 z-60 flex w-[calc(100vw-2rem)] max-w-sm flex-col gap-2">
          <ToastList />
        </Toast.Viewport>
      </Toast.Portal>
    </Toast.Provider>
  )
}

function ToastList(): ReactNode {
  const { toasts, close } = Toast.useToastManager()
  return toasts.map(toast => (
    <Toast.Root
      key={toast.id}
      toast={toast}
      className={classNames(
        'flex items-start justify-between gap-3 rounded-md border bg-raised px-3 py-2 shadow-xl transition-opacity duration-150 data-ending-style:opacity-0 data-starting-style:opacity-0',
        toast.type === 'alarm' ? 'border-alarm' : 'border-line-strong',
      )}
    >
      <div className="min-w-0 py-1">
        <Toast.Title className="font-medium text-ink" />
        <Toast.Description className="text-ink-soft" />
      </div>
      <Button variant="quiet" size="small" icon="close" label="Dismiss" onClick={() => close(toast.id)} />
    </Toast.Root>
  ))
}

/** Shows a short answer. `alarm` when something failed. */
export function useToast(): (toast: { title: string; description?: string; alarm?: boolean }) => void {
  const { add } = Toast.useToastManager()
  return ({ title, description, alarm = false }) =>
    void add({
      title,
      ...(description === undefined ? {} : { description }),
      type: alarm ? 'alarm' : 'done',
      priority: alarm ? 'high' : 'low',
    })
}
