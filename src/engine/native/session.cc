// A TensorFlow session for Node.js: graphs are imported into it, and run off the event loop.
//
// JavaScript sees seven functions; handles are opaque objects, freed when garbage-collected:
//   opDefinitions() -> Uint8Array                           serialized OpList of every registered op
//   createSession(config: Uint8Array, ownThreads) -> session    config is a serialized ConfigProto; ownThreads: see SharedThreads
//   extendSession(session, graph: Uint8Array)               imports a serialized GraphDef
//   prepare(session, feeds, fetches, targets, options: Uint8Array) -> callable    names such as "f1/x:0"; options: RunOptions
//   run(callable, [{dtype, shape, values}]) -> Promise<[{dtype, shape, values}]>
//   trace(callable, inputs) -> Promise<Uint8Array>          the same, resolving to a serialized RunMetadata (step statistics)
//   release(handle)                                         frees a session or callable now; runs in flight still end
// TensorFlow's own C API does the work (tensorflow/c/c_api.h). Only the thread-safe TF_SessionRun leaves the main thread.
// Values pass as typed arrays of the types in kTypedArrays; whatever else JavaScript gives is an error, never a crash.

#include <dlfcn.h>
#include <node_api.h>

#include <cstring>
#include <exception>
#include <memory>
#include <string>
#include <vector>

#include "tensorflow/c/c_api.h"

namespace {

struct StatusDeleter { void operator()(TF_Status* p) const { TF_DeleteStatus(p); } };
struct BufferDeleter { void operator()(TF_Buffer* p) const { TF_DeleteBuffer(p); } };
struct TensorDeleter { void operator()(TF_Tensor* p) const { TF_DeleteTensor(p); } };
struct ImportDeleter { void operator()(TF_ImportGraphDefOptions* p) const { TF_DeleteImportGraphDefOptions(p); } };
struct OptionsDeleter { void operator()(TF_SessionOptions* p) const { TF_DeleteSessionOptions(p); } };
using Status = std::unique_ptr<TF_Status, StatusDeleter>;
using Buffer = std::unique_ptr<TF_Buffer, BufferDeleter>;
using Tensor = std::unique_ptr<TF_Tensor, TensorDeleter>;

// A graph and its session. Callables and runs in flight share it, so it lives until the last of them is gone.
struct Session {
  TF_Graph* graph = nullptr;
  TF_Session* session = nullptr;
  ~Session() {
    Status status(TF_NewStatus());
    if (session) {
      TF_CloseSession(session, status.get());
      TF_DeleteSession(session, status.get());
    }
    if (graph) TF_DeleteGraph(graph);
  }
};

// What one kind of call feeds, fetches and runs, looked up once.
struct Callable {
  std::shared_ptr<Session> session;
  std::vector<TF_Output> feeds, fetches;
  std::vector<const TF_Operation*> targets;
  std::vector<char> options;
};

// One call on its way through the thread pool.
struct Run {
  std::shared_ptr<Callable> callable;
  std::vector<Tensor> inputs, outputs;
  Status status{TF_NewStatus()};
  Buffer metadata;  // asked for when not null
  napi_async_work work = nullptr;
  napi_deferred deferred = nullptr;
};

// ---- Errors are C++ exceptions inside this file; Guarded turns them into JavaScript's.

struct Problem {
  std::string message;
  std::string code;  // TensorFlow's, or empty
};

[[noreturn]] void Fail(const std::string& message) { throw Problem{message, ""}; }

// When JavaScript code threw meanwhile (a getter), its exception is pending already and stays.
void Check(napi_status status, const char* expected = "The JavaScript engine refused a value.") {
  if (status != napi_ok) Fail(expected);
}

void CheckTensorFlow(const Status& status) {
  const TF_Code code = TF_GetCode(status.get());
  if (code != TF_OK) throw Problem{TF_Message(status.get()), std::to_string(code)};
}

napi_value ErrorOf(napi_env env, const Problem& problem) {
  napi_value message = nullptr, code = nullptr, error = nullptr;
  napi_create_string_utf8(env, problem.message.c_str(), problem.message.size(), &message);
  if (!problem.code.empty()) napi_create_string_utf8(env, problem.code.c_str(), problem.code.size(), &code);
  napi_create_error(env, code, message, &error);
  return error;
}

using Arguments = std::vector<napi_value>;

template <napi_value (*function)(napi_env, const Arguments&)>
napi_value Guarded(napi_env env, napi_callback_info info) {
  try {
    size_t count = 5;
    Arguments arguments(count);
    Check(napi_get_cb_info(env, info, &count, arguments.data(), nullptr, nullptr));  // missing ones become undefined
    return function(env, arguments);
  } catch (const Problem& problem) {
    napi_throw(env, ErrorOf(env, problem));
  } catch (const std::exception& error) {
    napi_throw(env, ErrorOf(env, {error.what(), ""}));
  }
  return nullptr;
}

// ---- JavaScript values to C++ and back.

std::string StringOf(napi_env env, napi_value value) {
  size_t length = 0;
  Check(napi_get_value_string_utf8(env, value, nullptr, 0, &length), "A name was expected.");
  std::string text(length, '\0');
  Check(napi_get_value_string_utf8(env, value, &text[0], length + 1, &length));
  return text;
}

Arguments ElementsOf(napi_env env, napi_value array) {
  uint32_t length = 0;
  Check(napi_get_array_length(env, array, &length), "An array was expected.");
  Arguments elements(length);
  for (uint32_t i = 0; i < length; i++) Check(napi_get_element(env, array, i, &elements[i]));
  return elements;
}

napi_value PropertyOf(napi_env env, napi_value object, const char* name) {
  napi_value value = nullptr;
  Check(napi_get_named_property(env, object, name, &value), "A tensor {dtype, shape, values} was expected.");
  return value;
}

struct Bytes {
  const void* data;
  size_t size;
};

Bytes BytesOf(napi_env env, napi_value value) {
  const size_t widths[] = {1, 1, 1, 2, 2, 4, 4, 4, 8, 8, 8};  // by napi_typedarray_type
  napi_typedarray_type type;
  size_t length = 0;
  void* data = nullptr;
  const napi_status status = napi_get_typedarray_info(env, value, &type, &length, &data, nullptr, nullptr);
  if (status != napi_ok || static_cast<size_t>(type) >= sizeof(widths) / sizeof(*widths)) Fail("A typed array was expected.");
  return {data, length * widths[type]};
}

// Handles are objects that wrap a std::shared_ptr<T>, emptied by release(), with a tag that tells them apart.
template <typename T> const napi_type_tag kTag;
template <> const napi_type_tag kTag<Session> = {0x5be1c2d3f0a94a11, 0x9d2d6f0b8c3e7a55};
template <> const napi_type_tag kTag<Callable> = {0x5be1c2d3f0a94a12, 0x9d2d6f0b8c3e7a55};

template <typename T>
std::shared_ptr<T>* PointerOf(napi_env env, napi_value value) {
  bool fits = false;
  void* pointer = nullptr;
  if (napi_check_object_type_tag(env, value, &kTag<T>, &fits) != napi_ok || !fits) return nullptr;
  return napi_unwrap(env, value, &pointer) == napi_ok ? static_cast<std::shared_ptr<T>*>(pointer) : nullptr;
}

template <typename T>
std::shared_ptr<T> HandleOf(napi_env env, napi_value value, const char* expected) {
  std::shared_ptr<T>* pointer = PointerOf<T>(env, value);
  if (!pointer) Fail(expected);
  if (!*pointer) Fail("The session was disposed of. Create its variables anew.");
  return *pointer;
}

template <typename T>
napi_value ObjectOf(napi_env env, std::shared_ptr<T> value) {
  napi_value object = nullptr;
  Check(napi_create_object(env, &object));
  Check(napi_type_tag_object(env, object, &kTag<T>));
  auto pointer = std::make_unique<std::shared_ptr<T>>(std::move(value));
  const auto free = [](napi_env, void* data, void*) { delete static_cast<std::shared_ptr<T>*>(data); };
  Check(napi_wrap(env, object, pointer.get(), free, nullptr, nullptr));
  pointer.release();  // the object's now
  return object;
}

// The element types that have a typed array.
struct ElementType {
  TF_DataType dtype;
  napi_typedarray_type array;
};
const ElementType kTypedArrays[] = {{TF_FLOAT, napi_float32_array}, {TF_DOUBLE, napi_float64_array}, {TF_INT32, napi_int32_array},
                                    {TF_UINT8, napi_uint8_array},   {TF_BOOL, napi_uint8_array},     {TF_INT64, napi_bigint64_array}};

const ElementType& ElementTypeOf(TF_DataType dtype, const std::string& of) {
  for (const ElementType& type : kTypedArrays)
    if (type.dtype == dtype) return type;
  Fail(of + " has the element type " + std::to_string(dtype) + " of TensorFlow, which has no typed array. Cast it first.");
}

// {dtype, shape, values} as a TensorFlow tensor with its own copy of the values.
Tensor TensorOf(napi_env env, napi_value object, TF_DataType expected) {
  int32_t dtype = 0;
  Check(napi_get_value_int32(env, PropertyOf(env, object, "dtype"), &dtype), "A tensor's dtype is a number.");
  if (dtype != expected) {
    Fail("A fed tensor has the element type " + std::to_string(dtype) + " instead of " + std::to_string(expected) + ".");
  }
  std::vector<int64_t> dimensions;
  size_t elements = 1, room = 1;  // room: as elements, with 1 in place of 0, since TensorFlow multiplies in any order
  for (napi_value each : ElementsOf(env, PropertyOf(env, object, "shape"))) {
    int64_t size = 0;
    Check(napi_get_value_int64(env, each, &size), "A tensor's shape consists of numbers.");
    if (size < 0 || __builtin_mul_overflow(room, size ? size : 1, &room) || room > (size_t{1} << 48) || dimensions.size() == 254)
      Fail("A fed tensor has an impossible shape.");
    elements *= size;
    dimensions.push_back(size);
  }
  const Bytes values = BytesOf(env, PropertyOf(env, object, "values"));
  const size_t bytes = elements * TF_DataTypeSize(expected);
  if (values.size != bytes)
    Fail("A fed tensor of " + std::to_string(bytes) + " bytes was given " + std::to_string(values.size) + " bytes.");
  Tensor tensor(TF_AllocateTensor(expected, dimensions.data(), static_cast<int>(dimensions.size()), bytes));
  if (!tensor) Fail("There is no memory for a fed tensor of " + std::to_string(bytes) + " bytes.");
  if (bytes) std::memcpy(TF_TensorData(tensor.get()), values.data, bytes);
  return tensor;
}

napi_value CopyOf(napi_env env, const void* bytes, size_t size, napi_typedarray_type type, size_t width) {
  void* data = nullptr;
  napi_value buffer = nullptr, array = nullptr;
  Check(napi_create_arraybuffer(env, size, &data, &buffer), "There is no memory for an output.");
  if (size) std::memcpy(data, bytes, size);
  Check(napi_create_typedarray(env, type, size / width, buffer, 0, &array));
  return array;
}

napi_value CopyOf(napi_env env, const TF_Buffer* bytes) {
  return CopyOf(env, bytes->data, bytes->length, napi_uint8_array, 1);
}

napi_value ValueOf(napi_env env, const TF_Tensor* tensor) {
  const TF_DataType type = TF_TensorType(tensor);
  napi_value dtype = nullptr, shape = nullptr, object = nullptr;
  Check(napi_create_int32(env, type, &dtype));
  Check(napi_create_array_with_length(env, TF_NumDims(tensor), &shape));
  for (int i = 0; i < TF_NumDims(tensor); i++) {
    napi_value dimension = nullptr;
    Check(napi_create_int64(env, TF_Dim(tensor, i), &dimension));
    Check(napi_set_element(env, shape, i, dimension));
  }
  napi_value values = CopyOf(env, TF_TensorData(tensor), TF_TensorByteSize(tensor), ElementTypeOf(type, "An output").array,
                             TF_DataTypeSize(type));
  Check(napi_create_object(env, &object));
  Check(napi_set_named_property(env, object, "dtype", dtype));
  Check(napi_set_named_property(env, object, "shape", shape));
  Check(napi_set_named_property(env, object, "values", values));
  return object;
}

// ---- The functions that JavaScript calls.

napi_value OpDefinitions(napi_env env, const Arguments&) {
  Buffer list(TF_GetAllOpList());
  return CopyOf(env, list.get());
}

// TensorFlow's switch (LocalDevice::use_global_threadpool_, exported but private): whether kernels of all sessions share the threads of
// whichever session came first, which is that of tfjs with one for each core, whatever the others' configurations say. Null when
// this TensorFlow has none; then they share.
bool* SharedThreads() {
  static const auto found = static_cast<bool*>(dlsym(RTLD_DEFAULT, "_ZN10tensorflow11LocalDevice22use_global_threadpool_E"));
  return found;
}

napi_value CreateSession(napi_env env, const Arguments& arguments) {
  const Bytes config = BytesOf(env, arguments[0]);
  bool own_threads = false;
  Check(napi_get_value_bool(env, arguments[1], &own_threads), "Whether a session has threads of its own is true or false.");
  Status status(TF_NewStatus());
  std::unique_ptr<TF_SessionOptions, OptionsDeleter> options(TF_NewSessionOptions());
  if (config.size) TF_SetConfig(options.get(), config.data, config.size, status.get());
  CheckTensorFlow(status);
  auto session = std::make_shared<Session>();
  session->graph = TF_NewGraph();
  if (bool* shared = SharedThreads()) *shared = !own_threads;
  session->session = TF_NewSession(session->graph, options.get(), status.get());
  if (bool* shared = SharedThreads()) *shared = true;
  CheckTensorFlow(status);
  return ObjectOf(env, std::move(session));
}

napi_value ExtendSession(napi_env env, const Arguments& arguments) {
  auto session = HandleOf<Session>(env, arguments[0], "A session was expected.");
  const Bytes bytes = BytesOf(env, arguments[1]);
  Status status(TF_NewStatus());
  Buffer graph(TF_NewBufferFromString(bytes.data, bytes.size));
  std::unique_ptr<TF_ImportGraphDefOptions, ImportDeleter> options(TF_NewImportGraphDefOptions());
  TF_GraphImportGraphDef(session->graph, graph.get(), options.get(), status.get());
  CheckTensorFlow(status);
  return nullptr;
}

TF_Operation* OperationOf(TF_Graph* graph, const std::string& name) {
  TF_Operation* operation = TF_GraphOperationByName(graph, name.c_str());
  if (!operation) Fail("The graph has no operation \"" + name + "\".");
  return operation;
}

// "name:index" in the graph.
TF_Output OutputOf(TF_Graph* graph, const std::string& name) {
  const size_t colon = name.rfind(':');
  const std::string digits = colon == std::string::npos ? "" : name.substr(colon + 1);
  if (digits.empty() || digits.size() > 6 || digits.find_first_not_of("0123456789") != std::string::npos)
    Fail("An output is named like \"operation:0\", not \"" + name + "\".");
  TF_Output output{OperationOf(graph, name.substr(0, colon)), std::stoi(digits)};
  if (output.index >= TF_OperationNumOutputs(output.oper)) Fail("The graph has no output \"" + name + "\".");
  ElementTypeOf(TF_OperationOutputType(output), "The output \"" + name + "\"");
  return output;
}

napi_value Prepare(napi_env env, const Arguments& arguments) {
  auto callable = std::make_shared<Callable>();
  callable->session = HandleOf<Session>(env, arguments[0], "A session was expected.");
  TF_Graph* graph = callable->session->graph;
  for (napi_value name : ElementsOf(env, arguments[1])) callable->feeds.push_back(OutputOf(graph, StringOf(env, name)));
  for (napi_value name : ElementsOf(env, arguments[2])) callable->fetches.push_back(OutputOf(graph, StringOf(env, name)));
  for (napi_value name : ElementsOf(env, arguments[3])) callable->targets.push_back(OperationOf(graph, StringOf(env, name)));
  const Bytes options = BytesOf(env, arguments[4]);
  const char* start = static_cast<const char*>(options.data);
  callable->options.assign(start, start + options.size);
  return ObjectOf(env, std::move(callable));
}

// On a thread of the pool: no JavaScript here.
void Execute(napi_env, void* data) {
  Run* run = static_cast<Run*>(data);
  try {
    Callable& callable = *run->callable;
    std::vector<TF_Tensor*> inputs, outputs(callable.fetches.size(), nullptr);
    for (auto& input : run->inputs) inputs.push_back(input.get());
    run->outputs.reserve(outputs.size());
    Buffer options(callable.options.empty() ? nullptr : TF_NewBufferFromString(callable.options.data(), callable.options.size()));
    TF_SessionRun(callable.session->session, options.get(),                                   //
                  callable.feeds.data(), inputs.data(), static_cast<int>(inputs.size()),      //
                  callable.fetches.data(), outputs.data(), static_cast<int>(outputs.size()),  //
                  callable.targets.data(), static_cast<int>(callable.targets.size()),         //
                  run->metadata.get(), run->status.get());
    for (auto* output : outputs) run->outputs.emplace_back(output);
  } catch (const std::exception& error) {
    TF_SetStatus(run->status.get(), TF_INTERNAL, error.what());
  }
}

napi_value ResultOf(napi_env env, const Run& run) {
  CheckTensorFlow(run.status);
  if (run.metadata) return CopyOf(env, run.metadata.get());
  napi_value outputs = nullptr;
  Check(napi_create_array_with_length(env, run.outputs.size(), &outputs));
  for (uint32_t i = 0; i < run.outputs.size(); i++)
    Check(napi_set_element(env, outputs, i, ValueOf(env, run.outputs[i].get())));
  return outputs;
}

// Back on the main thread: settles the promise. While a worker shuts down none of these calls has an effect.
void Complete(napi_env env, napi_status status, void* data) {
  std::unique_ptr<Run> run(static_cast<Run*>(data));
  try {
    if (status != napi_ok) Fail("The call was cancelled.");
    napi_resolve_deferred(env, run->deferred, ResultOf(env, *run));
  } catch (const Problem& problem) {
    napi_value pending = nullptr;
    napi_get_and_clear_last_exception(env, &pending);
    if (napi_value error = ErrorOf(env, problem)) napi_reject_deferred(env, run->deferred, error);
  }
  napi_delete_async_work(env, run->work);
}

napi_value Start(napi_env env, const Arguments& arguments, bool traced) {
  auto run = std::make_unique<Run>();
  run->callable = HandleOf<Callable>(env, arguments[0], "A prepared call was expected.");
  if (traced) run->metadata.reset(TF_NewBuffer());
  const Arguments inputs = ElementsOf(env, arguments[1]);
  const std::vector<TF_Output>& feeds = run->callable->feeds;
  if (inputs.size() != feeds.size())
    Fail("The call takes " + std::to_string(feeds.size()) + " tensors, but was given " + std::to_string(inputs.size()) + ".");
  for (size_t i = 0; i < inputs.size(); i++) run->inputs.push_back(TensorOf(env, inputs[i], TF_OperationOutputType(feeds[i])));
  napi_value promise = nullptr, name = nullptr;
  Check(napi_create_string_utf8(env, "TF_SessionRun", NAPI_AUTO_LENGTH, &name));
  Check(napi_create_async_work(env, nullptr, name, Execute, Complete, run.get(), &run->work));
  Check(napi_create_promise(env, &run->deferred, &promise));
  Check(napi_queue_async_work(env, run->work));
  run.release();  // Complete takes it over
  return promise;
}

napi_value RunCallable(napi_env env, const Arguments& arguments) { return Start(env, arguments, false); }

napi_value Trace(napi_env env, const Arguments& arguments) { return Start(env, arguments, true); }

napi_value Release(napi_env env, const Arguments& arguments) {
  if (auto* session = PointerOf<Session>(env, arguments[0])) {
    session->reset();
  } else if (auto* callable = PointerOf<Callable>(env, arguments[0])) {
    callable->reset();
  } else {
    Fail("A session or a prepared call was expected.");
  }
  return nullptr;
}

}  // namespace

NAPI_MODULE_INIT() {
  const std::pair<const char*, napi_callback> functions[] = {
      {"opDefinitions", Guarded<OpDefinitions>}, {"createSession", Guarded<CreateSession>}, {"extendSession", Guarded<ExtendSession>},
      {"prepare", Guarded<Prepare>},             {"run", Guarded<RunCallable>},             {"trace", Guarded<Trace>},
      {"release", Guarded<Release>}};
  for (auto [name, function] : functions) {
    napi_value value = nullptr;
    napi_create_function(env, name, NAPI_AUTO_LENGTH, function, nullptr, &value);
    napi_set_named_property(env, exports, name, value);
  }
  return exports;
}
