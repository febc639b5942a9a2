/**
 * A one-dimensional array in PostgreSQL's text form, of numbers or of texts that need no quoting (ids, dates,
 * hexadecimal). Ten times as fast as the driver's own, which looks at every element; ingest sends hundreds of
 * thousands of them a second. Throws a RangeError when a text would need quoting.
 */
export function arrayLiteral(elements: readonly (number | string)[]): string {
  const joined = elements.join(',')
  if (UNSAFE.test(joined)) throw new RangeError('an element of the array needs quoting')
  return `{${joined}}`
}

/** Anything but letters, digits, signs, points and the separating comma. */
const UNSAFE = /[^-+.,0-9A-Za-z]/
