import './tokens.css'
import { Tooltip } from '@base-ui/react/tooltip'
import { QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './App.tsx'
import { ApiError } from './api/api-error.ts'
import { sessionQuery } from './api/queries.ts'
import { takeTokenFromAddress } from './api/token-from-address.ts'
import { applyStoredTheme } from './components/theme.ts'
import { makeRouter } from './routes.tsx'
import { ToastProvider } from './ui/Toasts.tsx'

const RETRIES_MAX = 2

function makeQueryClient(): QueryClient {
  const client: QueryClient = new QueryClient({
    queryCache: new QueryCache({
      // A session that ended anywhere ends everywhere: the sign-in page takes over.
      onError: error => {
        if (error instanceof ApiError && error.kind === 'unauthorized')
          client.setQueryData(sessionQuery.queryKey, null)
      },
    }),
    defaultOptions: {
      queries: {
        retry: (failures, error) => failures < RETRIES_MAX && isWorthRetrying(error),
        // Our own network may have no route to the internet; the server is asked whatever the browser thinks.
        networkMode: 'always',
        refetchOnWindowFocus: true,
        staleTime: 2_000,
      },
      mutations: { networkMode: 'always' },
    },
  })
  return client
}

function isWorthRetrying(error: unknown): boolean {
  return error instanceof ApiError && (error.kind === 'unreachable' || error.kind === 'busy')
}

applyStoredTheme()
const token = takeTokenFromAddress()
const element = document.getElementById('root')
if (element === null) throw new Error('index.html has no element with the id root')
createRoot(element).render(
  <StrictMode>
    <QueryClientProvider client={makeQueryClient()}>
      <Tooltip.Provider>
        <ToastProvider>
          <App token={token} router={makeRouter()} />
        </ToastProvider>
      </Tooltip.Provider>
    </QueryClientProvider>
  </StrictMode>,
)
