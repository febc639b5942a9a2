import type { ContentHeaders } from '../domain/object.ts'

/** The headers of content that an answer has; servers answer empty ones for those that were never given. */
export function contentHeadersOf(
  answer: { readonly [Name in keyof ContentHeaders]?: string | undefined },
  expires: string | undefined,
): ContentHeaders {
  const { contentType, contentEncoding, contentDisposition, contentLanguage, cacheControl } = answer
  return {
    ...(contentType ? { contentType } : {}),
    ...(contentEncoding ? { contentEncoding } : {}),
    ...(contentDisposition ? { contentDisposition } : {}),
    ...(contentLanguage ? { contentLanguage } : {}),
    ...(cacheControl ? { cacheControl } : {}),
    ...(expires === undefined ? {} : { expires }),
  }
}
