import type { AnyNode } from 'acorn';

/** The child nodes of a syntax node. */
export function childrenOf(node: AnyNode): AnyNode[] {
  const children: AnyNode[] = [];
  for (const value of Object.values(node) as unknown[]) {
    for (const item of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (typeof item === 'object' && item !== null && typeof (item as { type?: unknown }).type === 'string')
        children.push(item as AnyNode);
    }
  }
  return children;
}

/** The names that a pattern binds. */
export function boundNames(pattern: AnyNode): string[] {
  switch (pattern.type) {
    case 'Identifier':
      return [pattern.name];
    case 'AssignmentPattern':
      return boundNames(pattern.left);
    case 'RestElement':
      return boundNames(pattern.argument);
    case 'ArrayPattern':
      return pattern.elements.flatMap((element) => (element === null ? [] : boundNames(element)));
    case 'ObjectPattern':
      return pattern.properties.flatMap((property) =>
        boundNames(property.type === 'RestElement' ? property : property.value),
      );
    default:
      return [];
  }
}

/** Every name that a tree declares, in whatever scope. */
export function declaredNames(root: AnyNode): Set<string> {
  const names = new Set<string>();
  const visit = (node: AnyNode): void => {
    if (node.type === 'VariableDeclarator') for (const name of boundNames(node.id)) names.add(name);
    if ('params' in node && Array.isArray(node.params))
      for (const param of node.params as AnyNode[]) for (const name of boundNames(param)) names.add(name);
    if (node.type === 'CatchClause' && node.param) for (const name of boundNames(node.param)) names.add(name);
    const named =
      node.type === 'FunctionDeclaration' || node.type === 'ClassDeclaration' || node.type === 'FunctionExpression';
    if (named && node.id) names.add(node.id.name);
    if (
      node.type === 'ImportSpecifier' ||
      node.type === 'ImportDefaultSpecifier' ||
      node.type === 'ImportNamespaceSpecifier'
    )
      names.add(node.local.name);
    for (const child of childrenOf(node)) visit(child);
  };
  visit(root);
  return names;
}

/** The names that a function reads or writes: identifiers that are neither keys nor member names. */
export function usedNames(root: AnyNode): Set<string> {
  const names = new Set<string>();
  const visit = (node: AnyNode): void => {
    if (node.type === 'Identifier') names.add(node.name);
    for (const child of childrenOf(node)) {
      const isKey = node.type === 'Property' && !node.computed && child === node.key && !node.shorthand;
      const isMember = node.type === 'MemberExpression' && !node.computed && child === node.property;
      if (!isKey && !isMember) visit(child);
    }
  };
  visit(root);
  return names;
}

/** Does the function use `this` of what surrounds it? */
export function usesOuterThis(root: AnyNode): boolean {
  let found = false;
  const visit = (node: AnyNode): void => {
    if (node.type === 'ThisExpression') found = true;
    if (node !== root && (node.type === 'FunctionExpression' || node.type === 'FunctionDeclaration')) return;
    for (const child of childrenOf(node)) visit(child);
  };
  visit(root);
  return found;
}
