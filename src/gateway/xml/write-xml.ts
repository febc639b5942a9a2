/** The XML name space of every S3 answer. */
const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/'

/** The content of an element: text, a number or truth, nested XML, or nothing. */
export type XmlContent = string | number | boolean | Xml | readonly Xml[] | null

/** XML that is already written and needs no escaping. */
export class Xml {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** A whole document with this root element. */
export function xmlDocument(root: string, ...content: readonly Xml[]): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root} xmlns="${NAMESPACE}">${joined(content)}</${root}>`
}

/** An element; null content leaves it out altogether. */
export function element(name: string, content: XmlContent): Xml {
  if (content === null) return new Xml('')
  return new Xml(`<${name}>${written(content)}</${name}>`)
}

/** Several elements as one. */
export function fragment(parts: readonly Xml[]): Xml {
  return new Xml(joined(parts))
}

/**
 * Text with the five special characters escaped. Control characters are written as references: XML 1.0 has
 * no other way for them, and keys may contain them.
 */
export function escapeXml(text: string): string {
  return SPECIAL.test(text)
    ? text.replace(ALL_SPECIAL, found => ENTITIES[found] ?? `&#x${found.charCodeAt(0).toString(16)};`)
    : text
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
}
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to be escaped
const SPECIAL = /[&<>"'\u0000-\u001f\ufffe\uffff]/
const ALL_SPECIAL = new RegExp(SPECIAL, 'g')

function written(content: Exclude<XmlContent, null>): string {
  if (typeof content === 'string') return escapeXml(content)
  if (content instanceof Xml) return content.text
  return typeof content === 'object' ? joined(content) : String(content)
}

function joined(parts: readonly Xml[]): string {
  let text = ''
  for (const part of parts) text += part.text
  return text
}
