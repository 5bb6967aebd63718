// What handlebars.js itself makes of a case. Two corrections, both to what it does with our two modes:
//
// - Compiled code joins neighbours with "+", so {{{a}}}{{{b}}} with the numbers 1 and 2 gives "3" in
//   handlebars.js. Here it gives "12": each piece is made a string before it is joined.
// - A template that asks for something only at run time ("Missing helper") is an error, as at save time.
import Handlebars from 'handlebars';

const { JavaScriptCompiler } = Handlebars;

class TextCompiler extends JavaScriptCompiler {
  compiler = TextCompiler;
}
TextCompiler.prototype.compiler = TextCompiler;
TextCompiler.prototype.appendToBuffer = function (source, location, explicit) {
  return JavaScriptCompiler.prototype.appendToBuffer.call(this, ["('' + (", source, '))'], location, explicit);
};

const env = Handlebars.create();
env.JavaScriptCompiler = TextCompiler;
env.logger.log = () => {};

/** @returns {{output: string} | {error: string}} */
export function expected({ template, data, escape }) {
  try {
    return { output: env.compile(template, { noEscape: !escape })(data) };
  } catch (err) {
    return { error: err.message };
  }
}
