import Table from 'cli-table3'
import { stringify } from 'yaml'
import type { Terminal } from './terminal.ts'

export const OUTPUT_FORMATS = ['table', 'wide', 'json', 'yaml', 'name'] as const
export type OutputFormat = (typeof OUTPUT_FORMATS)[number]

/** One column of a table: its header and how an item fills it. */
export interface Column<Item> {
  readonly header: string
  readonly value: (item: Item) => string
  readonly align?: 'left' | 'right'
  /** Only with `-o wide`. */
  readonly wide?: boolean
}

/** How items of one noun are shown. */
export interface View<Item> {
  /** What `-o name` prints, one a line. */
  readonly name: (item: Item) => string
  readonly columns: readonly Column<Item>[]
}

/** What to print for a list. Pure. */
export function renderList<Item>(
  items: readonly Item[],
  view: View<Item>,
  options: { format: OutputFormat; headers: boolean },
): string {
  switch (options.format) {
    case 'json':
      return JSON.stringify(items, null, 2)
    case 'yaml':
      return stringify(items).trimEnd()
    case 'name':
      return items.map(view.name).join('\n')
    case 'table':
    case 'wide':
      return renderTable(items, visibleColumns(view, options.format), options.headers)
  }
}

/** What to print for one item: its columns as lines, or the whole item. Pure. */
export function renderOne<Item>(item: Item, view: View<Item>, format: OutputFormat): string {
  switch (format) {
    case 'json':
      return JSON.stringify(item, null, 2)
    case 'yaml':
      return stringify(item).trimEnd()
    case 'name':
      return view.name(item)
    case 'table':
    case 'wide': {
      const width = Math.max(...view.columns.map(column => column.header.length))
      return view.columns
        .map(column => `${column.header.toLowerCase().padEnd(width)}  ${column.value(item)}`.trimEnd())
        .join('\n')
    }
  }
}

/** Plain columns, as wide as their widest cell, without lines. */
export function renderTable<Item>(
  items: readonly Item[],
  columns: readonly Column<Item>[],
  headers: boolean,
): string {
  const table = new Table({
    ...(headers ? { head: columns.map(column => column.header) } : {}),
    colAligns: columns.map(column => column.align ?? 'left'),
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 3 },
    chars: NO_LINES,
  })
  table.push(...items.map(item => columns.map(column => column.value(item).replaceAll(/[\r\n\t]/g, ' '))))
  return table
    .toString()
    .split('\n')
    .map(line => line.trimEnd())
    .join('\n')
}

function visibleColumns<Item>(view: View<Item>, format: OutputFormat): readonly Column<Item>[] {
  return format === 'wide' ? view.columns : view.columns.filter(column => column.wide !== true)
}

const NO_LINES = Object.fromEntries(
  [
    ...['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'],
    ...['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid', 'middle'],
  ].map(part => [part, '']),
)

/** Prints answers in the format that was asked for. */
export interface Output {
  readonly format: OutputFormat
  list<Item>(items: readonly Item[], view: View<Item>): void
  one<Item>(item: Item, view: View<Item>): void
  /** A line for people, kept back by `--quiet`. */
  say(line: string): void
}

export function createOutput(
  terminal: Terminal,
  options: { format: OutputFormat; headers: boolean; quiet: boolean },
): Output {
  return {
    format: options.format,
    list(items, view) {
      const text = renderList(items, view, options)
      if (text !== '') terminal.print(text)
      if (items.length === 0 && !options.quiet) terminal.say('nothing found')
    },
    one: (item, view) => terminal.print(renderOne(item, view, options.format)),
    say: line => options.quiet || terminal.say(line),
  }
}
