/**
 * Takes the token out of a link like `/#token=dim_…` and removes it from the address and the history, so
 * that it is neither shown nor shared. What follows `#` never reaches a server. Null when there is none.
 */
export function takeTokenFromAddress(): string | null {
  const parameters = new URLSearchParams(location.hash.replace(/^#/, ''))
  const token = parameters.get('token')
  if (token === null) return null
  parameters.delete('token')
  const rest = parameters.toString()
  history.replaceState(
    history.state,
    '',
    location.pathname + location.search + (rest === '' ? '' : `#${rest}`),
  )
  return token === '' ? null : token
}
