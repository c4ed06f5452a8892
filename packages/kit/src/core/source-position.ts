/** The position of a problem in an input file. Line and column begin at 1; columns count code points. */
export interface SourcePosition {
  /** File name as the user gave it; absent for text that came from no file. */
  readonly file?: string;
  readonly line: number;
  readonly column: number;
  /** The place where the user's code calls the function that contains this position; absent outside of functions. */
  readonly calledFrom?: SourcePosition;
}

/** A position in a file whose name is known. */
export interface FilePosition extends SourcePosition {
  readonly file: string;
}
