import { XMLParser, XMLValidator } from 'fast-xml-parser'
import { GatewayError } from '../error-table.ts'

/** Depth of the deepest document S3 clients send is 5. */
const DEPTH_MAX = 16

/** An element as read: text, child elements by name, each as a list in the order sent. */
export interface XmlElement {
  readonly text: string
  children(name: string): readonly XmlElement[]
  /** The text of the first child of that name; null when there is none. */
  textOf(name: string): string | null
}

const parser = new XMLParser({
  ignoreAttributes: true,
  ignoreDeclaration: true,
  ignorePiTags: true,
  removeNSPrefix: true,
  parseTagValue: false,
  // Keys may begin or end with spaces.
  trimValues: false,
  // Entities are decoded by us: five names and character references, once, without expansion.
  processEntities: false,
  alwaysCreateTextNode: true,
  isArray: () => true,
  maxNestedTags: DEPTH_MAX,
})

type Node = Readonly<Record<string, unknown>>

/**
 * Reads an XML body and returns its root element, which must have this name. Document types, deep nesting
 * and anything not well formed are refused as `MalformedXML`.
 */
export function parseXml(body: Buffer, root: string): XmlElement {
  const text = body.toString('utf8')
  if (/<!(?!\[CDATA\[|--)/.test(text)) throw new GatewayError('MalformedXML')
  let parsed: unknown
  try {
    if (XMLValidator.validate(text) !== true) throw new GatewayError('MalformedXML')
    parsed = parser.parse(text)
  } catch (cause) {
    if (cause instanceof GatewayError) throw cause
    throw new GatewayError('MalformedXML', undefined, { cause })
  }
  const found = nodesOf(parsed, root)[0]
  if (found === undefined) throw new GatewayError('MalformedXML', `Expected the element ${root}.`)
  return elementOf(found)
}

function elementOf(node: Node): XmlElement {
  const text = typeof node['#text'] === 'string' ? node['#text'] : ''
  return {
    text: decodeEntities(text),
    children: name => nodesOf(node, name).map(elementOf),
    textOf(name) {
      const child = nodesOf(node, name)[0]
      return child === undefined ? null : elementOf(child).text
    },
  }
}

function nodesOf(parent: unknown, name: string): readonly Node[] {
  if (typeof parent !== 'object' || parent === null || !Object.hasOwn(parent, name)) return []
  const value = (parent as Node)[name]
  return Array.isArray(value) ? value.filter(isNode) : isNode(value) ? [value] : []
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

function decodeEntities(text: string): string {
  if (!text.includes('&')) return text
  return text.replace(/&(?:#x([0-9a-fA-F]{1,6})|#(\d{1,7})|(\w{1,8}));/g, (whole, hex, decimal, name) => {
    if (name !== undefined) return NAMED[name] ?? whole
    const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16)
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole
  })
}
