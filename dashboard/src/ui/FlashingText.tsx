import { type ReactNode, useEffect, useRef, useState } from 'react'

/** Text that flashes once, softly, when it changes; not when it first appears. */
export function FlashingText({ text }: { text: string }): ReactNode {
  const before = useRef(text)
  const [changes, setChanges] = useState(0)
  useEffect(() => {
    if (before.current === text) return
    before.current = text
    setChanges(count => count + 1)
  }, [text])
  return (
    <span key={changes} className={changes === 0 ? 'tabular-nums' : 'flash-changed tabular-nums'}>
      {text}
    </span>
  )
}
