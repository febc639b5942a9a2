import { type ReactNode, useId } from 'react'
import { classNames } from './class-names.ts'

interface SegmentsProps<Value extends string> {
  readonly label: string
  readonly value: Value
  readonly onValue: (value: Value) => void
  /** value, what is shown, and how many there are where that is known. */
  readonly options: readonly { readonly value: Value; readonly shown: ReactNode; readonly count?: string }[]
}

/** One of a few, all in sight: radio buttons that look like one strip. */
export function Segments<Value extends string>(props: SegmentsProps<Value>): ReactNode {
  const name = useId()
  return (
    <fieldset className="inline-flex max-w-full overflow-x-auto rounded border border-line-strong bg-surface">
      <legend className="sr-only">{props.label}</legend>
      {props.options.map(option => (
        <label
          key={option.value}
          className={classNames(
            'flex h-7.5 max-sm:h-9.5 cursor-pointer items-center gap-1.5 border-line px-2.5 text-sm whitespace-nowrap not-first-of-type:border-l',
            'has-focus-visible:outline-2 has-focus-visible:-outline-offset-2 has-focus-visible:outline-accent',
            option.value === props.value
              ? 'bg-selected font-medium text-ink'
              : 'text-ink-soft hover:bg-hover hover:text-ink',
          )}
        >
          <input
            type="radio"
            name={name}
            className="sr-only"
            checked={option.value === props.value}
            onChange={() => props.onValue(option.value)}
          />
          {option.shown}
          {option.count === undefined ? null : <span className="text-xs text-ink-faint">{option.count}</span>}
        </label>
      ))}
    </fieldset>
  )
}
