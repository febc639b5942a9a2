/**
 * How names that a service orders by UTF-16 code units are read in the order of their UTF-8 bytes. The two
 * differ in one thing: behind a common beginning, characters above U+FFFF (two units, the first D800 to DFFF)
 * come before those from U+E000 on by units, and after them by bytes. So names are read in spans, and
 * wherever such characters come up, what begins at U+E000 is read first.
 */

/** A stretch of names in the service's order: from `from` on, and before `until` unless that is null. */
export interface NameSpan {
  readonly from: string
  readonly until: string | null
  /** Up to this index the names of the span agree on what may be out of order; it matters behind it. */
  readonly depth: number
}

const SUPPLEMENTARY_FIRST = '\u{10000}'
const UPPER_FIRST = '\ue000'

/** The spans that hold all names with this prefix behind `after`, a name with it, in the order of bytes. */
export function spansAfter(prefix: string, after: string): NameSpan[] {
  const spans: NameSpan[] = []
  let from: string | null = after
  const push = (until: string | null, depth: number) => {
    if (from !== null && (until === null || from < until)) spans.push({ from, until, depth })
  }
  for (const { at, length } of highCharacters(after, prefix.length).reverse()) {
    const beginning = after.slice(0, at)
    const next = behindPrefix(beginning, prefix)
    if (length === 2) push(beginning + UPPER_FIRST, at + 2)
    else {
      push(next, at + 1)
      spans.push(supplementarySpan(beginning))
    }
    from = next
  }
  push(null, prefix.length)
  return spans
}

/**
 * Where a name shows that the order may turn: how long what it shares with the names in question is, or null.
 */
export function turnOf(name: string, depth: number): number | null {
  for (let at = depth; at < name.length; at++) {
    const unit = name.charCodeAt(at)
    if (unit >= 0xd800 && unit <= 0xdfff) return at
  }
  return null
}

/** What is left of a span, in the order of bytes, from the first name on that begins like this and turns. */
export function spansFromTurn(span: NameSpan, beginning: string, prefix: string): NameSpan[] {
  const next = behindPrefix(beginning, prefix)
  const rest = next === null || (span.until !== null && next >= span.until) ? [] : [{ ...span, from: next }]
  return [
    { from: beginning + UPPER_FIRST, until: next, depth: beginning.length + 1 },
    supplementarySpan(beginning),
    ...rest,
  ]
}

function supplementarySpan(beginning: string): NameSpan {
  return {
    from: beginning + SUPPLEMENTARY_FIRST,
    until: beginning + UPPER_FIRST,
    depth: beginning.length + 2,
  }
}

/** The first text behind all that begin like this, by units; null when nothing with the prefix is there. */
export function behindPrefix(beginning: string, prefix: string): string | null {
  const characters = [...beginning]
  while (characters.length > 0) {
    const next = nextCharacter(characters.pop()!.codePointAt(0)!)
    if (next === null) continue
    const text = characters.join('') + String.fromCodePoint(next)
    return text.startsWith(prefix) ? text : null
  }
  return null
}

function nextCharacter(codePoint: number): number | null {
  if (codePoint === 0xd7ff) return 0x10000
  if (codePoint === 0x10ffff) return 0xe000
  return codePoint === 0xffff ? null : codePoint + 1
}

/** The characters of a name whose order by units and by bytes may differ. */
function highCharacters(name: string, begin: number): { at: number; length: number }[] {
  const found: { at: number; length: number }[] = []
  let at = begin
  for (const character of name.slice(begin)) {
    if (character >= '\ud800') found.push({ at, length: character.length })
    at += character.length
  }
  return found
}
