import { type InputHTMLAttributes, type ReactNode, useId } from 'react'
import { classNames } from './class-names.ts'

const CONTROL =
  'h-8 max-sm:h-10 rounded border border-line-strong bg-surface px-2.5 text-sm text-ink placeholder:text-ink-faint'

interface FieldProps extends Omit<InputHTMLAttributes<HTMLInputElement>, 'onChange' | 'value'> {
  readonly label: string
  /** Shows the label above instead of only speaking it. */
  readonly labelShown?: boolean
  readonly value: string
  readonly onValue: (value: string) => void
}

/** A line of text with its label. */
export function Field({
  label,
  labelShown = false,
  value,
  onValue,
  className,
  ...rest
}: FieldProps): ReactNode {
  const id = useId()
  return (
    <div className={classNames('flex flex-col gap-1', className)}>
      <label htmlFor={id} className={labelShown ? 'text-xs text-ink-soft' : 'sr-only'}>
        {label}
      </label>
      <input
        {...rest}
        id={id}
        value={value}
        onChange={event => onValue(event.target.value)}
        className={CONTROL}
      />
    </div>
  )
}

interface ChoiceProps {
  readonly label: string
  readonly labelShown?: boolean
  readonly value: string
  readonly onValue: (value: string) => void
  /** [value, shown text] in order. */
  readonly options: readonly (readonly [string, string])[]
}

/** One of a few: the system's own select, which every keyboard and phone knows. */
export function Choice({ label, labelShown = false, value, onValue, options }: ChoiceProps): ReactNode {
  const id = useId()
  return (
    <div className="flex flex-col gap-1">
      <label htmlFor={id} className={labelShown ? 'text-xs text-ink-soft' : 'sr-only'}>
        {label}
      </label>
      <select
        id={id}
        value={value}
        onChange={event => onValue(event.target.value)}
        className={classNames(CONTROL, 'max-w-48 pr-7')}
      >
        {options.map(([option, text]) => (
          <option key={option} value={option}>
            {text}
          </option>
        ))}
      </select>
    </div>
  )
}
