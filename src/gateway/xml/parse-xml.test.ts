import fc from 'fast-check'
import { XMLParser } from 'fast-xml-parser'
import { describe, expect, it } from 'vitest'
import { parseXml } from './parse-xml.ts'
import { element, xmlDocument } from './write-xml.ts'

const parse = (text: string, root = 'Delete') => parseXml(Buffer.from(text), root)

describe('XML input', () => {
  it('reads elements in order, with or without a name space, and keeps spaces and entities of keys', () => {
    const document = parse(
      '<?xml version="1.0"?><d:Delete xmlns:d="http://s3.amazonaws.com/doc/2006-03-01/"><d:Object><d:Key> a &amp;&#x41;&#66;&lt; </d:Key></d:Object><d:Object><d:Key>b</d:Key></d:Object></d:Delete>',
    )
    expect(document.children('Object').map(found => found.textOf('Key'))).toEqual([' a &AB< ', 'b'])
    expect(document.textOf('Quiet')).toBeNull()
  })

  it.each([
    '<!DOCTYPE x [<!ENTITY a "b">]><Delete><Object><Key>&a;</Key></Object></Delete>',
    '<Delete><Object></Delete>',
    '<Other/>',
    '<Delete><__proto__><Key>x</Key></__proto__></Delete>',
    'not xml',
    '',
    `<Delete>${'<a>'.repeat(5_000)}${'</a>'.repeat(5_000)}</Delete>`,
  ])('refuses %.40s', text => {
    expect(() => parse(text)).toThrowError(expect.objectContaining({ code: 'MalformedXML' }))
  })

  it('expands an entity once and knows no others', () => {
    expect(parse('<Delete><Key>&amp;lt;&foo;</Key></Delete>').textOf('Key')).toBe('&lt;&foo;')
  })
})

describe('XML output', () => {
  it('is read back by another parser as it was meant', () => {
    const reader = new XMLParser({
      trimValues: false,
      parseTagValue: false,
      processEntities: true,
      htmlEntities: true,
    })
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), text => {
        const found = reader.parse(xmlDocument('Root', element('Key', text))) as { Root: { Key: string } }
        expect(found.Root.Key).toBe(text)
      }),
    )
  })
})
