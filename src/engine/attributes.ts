/** Attributes of ops: from the form of the binding of TensorFlow.js to that of a graph. */
import type { Binding, OpAttribute } from './backend';
import type { AttributeValue } from './protobuf';

/**
 * The attribute as a node of a graph has it.
 * @throws Error for a kind of attribute that no op of tfjs uses
 */
export function attributeValue(binding: Binding, { name, type, value }: OpAttribute): AttributeValue {
  const wrap = (member: 's' | 'i' | 'f' | 'b' | 'type', convert: (item: never) => unknown): AttributeValue =>
    Array.isArray(value)
      ? { list: { [member]: value.map(item => convert(item as never)) } }
      : { [member]: convert(value as never) };
  switch (type) {
    case binding.TF_ATTR_INT:
      return wrap('i', Number);
    case binding.TF_ATTR_FLOAT:
      return wrap('f', Number);
    case binding.TF_ATTR_BOOL:
      return wrap('b', Boolean);
    case binding.TF_ATTR_TYPE:
      return wrap('type', Number);
    case binding.TF_ATTR_STRING:
      return wrap('s', (text: string) => Buffer.from(text));
    case binding.TF_ATTR_SHAPE:
      return { shape: { dim: (value as number[]).map(size => ({ size })) } };
    default:
      throw new Error(`The attribute ${name} is of a kind (${type}) that cannot be recorded.`);
  }
}
