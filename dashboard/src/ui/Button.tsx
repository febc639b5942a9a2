import { Tooltip } from '@base-ui/react/tooltip'
import type { MouseEventHandler, ReactNode } from 'react'
import { classNames } from './class-names.ts'
import { Icon, type IconName } from './Icon.tsx'
import { TooltipBubble } from './Tooltip.tsx'

const VARIANTS = {
  primary:
    'bg-accent text-on-accent border-transparent hover:bg-accent-strong aria-disabled:bg-line aria-disabled:text-ink-faint',
  plain:
    'bg-surface text-ink border-line-strong hover:bg-hover aria-disabled:text-ink-faint aria-disabled:bg-transparent aria-disabled:border-line',
  quiet:
    'bg-transparent text-ink-soft border-transparent hover:bg-hover hover:text-ink aria-disabled:text-ink-faint',
  alarm:
    'bg-surface text-alarm border-alarm hover:bg-alarm-soft aria-disabled:text-ink-faint aria-disabled:border-line',
} as const

interface ButtonProps {
  readonly children?: ReactNode
  readonly variant?: keyof typeof VARIANTS
  readonly icon?: IconName
  /** Spoken name of a button that shows only a drawing. */
  readonly label?: string
  readonly type?: 'button' | 'submit'
  readonly size?: 'small' | 'usual'
  readonly busy?: boolean
  readonly pressed?: boolean
  /** Why the button cannot be used now. It stays focusable, so that the reason can be read. */
  readonly disabledReason?: string | null | undefined
  readonly onClick?: MouseEventHandler<HTMLButtonElement>
}

/** An action. A disabled one says why. */
export function Button(props: ButtonProps): ReactNode {
  const { children, variant = 'plain', icon, label, type = 'button', size = 'usual', busy = false } = props
  const blocked = busy || (props.disabledReason ?? null) !== null
  const shown = (
    <button
      type={type}
      aria-label={label}
      aria-pressed={props.pressed}
      aria-disabled={blocked || undefined}
      aria-busy={busy || undefined}
      onClick={event => {
        if (blocked) event.preventDefault()
        else props.onClick?.(event)
      }}
      className={classNames(
        'inline-flex items-center justify-center gap-1.5 whitespace-nowrap rounded border text-sm font-medium transition-colors duration-100',
        'aria-disabled:cursor-not-allowed select-none',
        size === 'usual' ? 'h-8 max-sm:h-10' : 'h-7 max-sm:h-9',
        children === undefined ? 'aspect-square px-0' : 'px-3',
        VARIANTS[variant],
      )}
    >
      {icon === undefined ? null : <Icon name={icon} size={14} />}
      {children}
    </button>
  )
  const hint = props.disabledReason ?? (children === undefined ? label : undefined)
  if (hint === undefined) return shown
  return (
    <Tooltip.Root>
      <Tooltip.Trigger render={shown} delay={250} />
      <TooltipBubble>{hint}</TooltipBubble>
    </Tooltip.Root>
  )
}
