/** The servers of HTTP, apart from the door of `core`, because who only imports the SDK opens none. */
export { createHttpServer, noteRequestHead, openServer, repeatedHeader } from './http-server.ts';
