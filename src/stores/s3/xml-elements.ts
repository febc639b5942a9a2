/** The value of the first element of this name, unescaped, or null. */
export function elementOf(document: string, name: string): string | null {
  const found = new RegExp(`<${name}>([^<]*)</${name}>`).exec(document)?.[1]
  return found === undefined ? null : unescapeXml(found)
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

function unescapeXml(text: string): string {
  return text.replaceAll(/&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(\w{2,4}));/gi, (whole, hex, decimal, name) => {
    if (name !== undefined) return ENTITIES[name] ?? whole
    const point = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16)
    return point <= 0x10_ff_ff ? String.fromCodePoint(point) : whole
  })
}
