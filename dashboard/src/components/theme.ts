import { useSyncExternalStore } from 'react'

export const THEMES = ['system', 'light', 'dark'] as const
export type Theme = (typeof THEMES)[number]

const STORAGE_KEY = 'dim.theme'
const CHANGED = 'dim-theme'

/** Puts the chosen theme on the page; to be called before the first drawing. */
export function applyStoredTheme(): void {
  show(storedTheme())
}

/** The chosen theme and how to choose another; `system` follows the operating system. */
export function useTheme(): readonly [Theme, (theme: Theme) => void] {
  return [useSyncExternalStore(subscribe, storedTheme), choose]
}

function choose(theme: Theme): void {
  localStorage.setItem(STORAGE_KEY, theme)
  show(theme)
  dispatchEvent(new Event(CHANGED))
}

function show(theme: Theme): void {
  if (theme === 'system') delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = theme
}

function storedTheme(): Theme {
  const stored = localStorage.getItem(STORAGE_KEY)
  return THEMES.find(theme => theme === stored) ?? 'system'
}

function subscribe(onChange: () => void): () => void {
  addEventListener(CHANGED, onChange)
  addEventListener('storage', onChange)
  return () => {
    removeEventListener(CHANGED, onChange)
    removeEventListener('storage', onChange)
  }
}
