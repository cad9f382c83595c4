// A TensorFlow session for Node.js: graphs are imported into it, and run off the event loop.
//
// JavaScript sees seven functions; the handles are opaque externals, freed when garbage-collected:
//   opDefinitions() -> Uint8Array                           serialized OpList of every registered op
//   createSession(config: Uint8Array) -> session            config is a serialized ConfigProto
//   extendSession(session, graph: Uint8Array)               imports a serialized GraphDef
//   prepare(session, feeds, fetches, targets, options: Uint8Array) -> callable    names such as "f1/x:0"; options: RunOptions
//   run(callable, [{dtype, shape, values}]) -> Promise<[{dtype, shape, values}]>
//   trace(callable, inputs) -> Promise<Uint8Array>          the same, resolving to a serialized RunMetadata (step statistics)
//   release(handle)                                         frees a session or callable now; runs in flight still end
// TensorFlow's own C API does the work (tensorflow/c/c_api.h). Only the thread-safe TF_SessionRun leaves the main thread.

#include <node_api.h>

#include <cstring>
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

// ---- Errors: C++ code returns nullptr with a JavaScript exception pending.

napi_value Fail(napi_env env, const std::string& message, const char* code = nullptr) {
  napi_throw_error(env, code, message.c_str());
  return nullptr;
}

bool Failed(napi_env env, const Status& status) {
  if (TF_GetCode(status.get()) == TF_OK) return false;
  Fail(env, TF_Message(status.get()), std::to_string(TF_GetCode(status.get())).c_str());
  return true;
}

// ---- JavaScript values to C++ and back.

std::string StringOf(napi_env env, napi_value value) {
  size_t length = 0;
  napi_get_value_string_utf8(env, value, nullptr, 0, &length);
  std::string text(length, '\0');
  napi_get_value_string_utf8(env, value, &text[0], length + 1, &length);
  return text;
}

uint32_t LengthOf(napi_env env, napi_value array) {
  uint32_t length = 0;
  napi_get_array_length(env, array, &length);
  return length;
}

napi_value ElementOf(napi_env env, napi_value array, uint32_t index) {
  napi_value element;
  napi_get_element(env, array, index, &element);
  return element;
}

napi_value PropertyOf(napi_env env, napi_value object, const char* name) {
  napi_value value;
  napi_get_named_property(env, object, name, &value);
  return value;
}

// The bytes of a typed array; false (with an exception pending) when `value` is none.
bool BytesOf(napi_env env, napi_value value, void** data, size_t* bytes) {
  napi_typedarray_type type;
  size_t length = 0;
  if (napi_get_typedarray_info(env, value, &type, &length, data, nullptr, nullptr) != napi_ok) {
    Fail(env, "A typed array was expected.");
    return false;
  }
  const size_t widths[] = {1, 1, 1, 2, 2, 4, 4, 4, 8, 8, 8};  // by napi_typedarray_type
  *bytes = length * widths[type];
  return true;
}

// Externals hold a std::shared_ptr<void>, emptied by release().
template <typename T>
std::shared_ptr<T> HandleOf(napi_env env, napi_value value) {
  void* handle = nullptr;
  if (napi_get_value_external(env, value, &handle) != napi_ok || !*static_cast<std::shared_ptr<void>*>(handle)) {
    Fail(env, "A session that was not disposed of was expected.");
    return nullptr;
  }
  return std::static_pointer_cast<T>(*static_cast<std::shared_ptr<void>*>(handle));
}

napi_value ExternalOf(napi_env env, std::shared_ptr<void> value) {
  napi_value external;
  napi_create_external(
      env, new std::shared_ptr<void>(std::move(value)),
      [](napi_env, void* data, void*) { delete static_cast<std::shared_ptr<void>*>(data); }, nullptr, &external);
  return external;
}

// {dtype, shape, values} as a TensorFlow tensor with its own copy of the values.
Tensor TensorOf(napi_env env, napi_value object) {
  int32_t dtype = 0;
  napi_get_value_int32(env, PropertyOf(env, object, "dtype"), &dtype);
  napi_value shape = PropertyOf(env, object, "shape");
  std::vector<int64_t> dimensions(LengthOf(env, shape));
  size_t expected = TF_DataTypeSize(static_cast<TF_DataType>(dtype));
  for (uint32_t i = 0; i < dimensions.size(); i++) {
    napi_get_value_int64(env, ElementOf(env, shape, i), &dimensions[i]);
    expected *= dimensions[i];
  }
  void* data = nullptr;
  size_t bytes = 0;
  if (!BytesOf(env, PropertyOf(env, object, "values"), &data, &bytes)) return nullptr;
  if (bytes != expected) {
    Fail(env, "A fed tensor of " + std::to_string(expected) + " bytes was given " + std::to_string(bytes) + " bytes.");
    return nullptr;
  }
  Tensor tensor(TF_AllocateTensor(static_cast<TF_DataType>(dtype), dimensions.data(), dimensions.size(), bytes));
  if (bytes) std::memcpy(TF_TensorData(tensor.get()), data, bytes);
  return tensor;
}

napi_value ValueOf(napi_env env, const TF_Tensor* tensor) {
  const size_t bytes = TF_TensorByteSize(tensor);
  void* data = nullptr;
  napi_value buffer, values, dtype, shape, object;
  napi_create_arraybuffer(env, bytes, &data, &buffer);
  if (bytes) std::memcpy(data, TF_TensorData(tensor), bytes);
  const bool isFloat = TF_TensorType(tensor) == TF_FLOAT, isInteger = TF_TensorType(tensor) == TF_INT32;
  napi_create_typedarray(env, isFloat ? napi_float32_array : isInteger ? napi_int32_array : napi_uint8_array,
                         isFloat || isInteger ? bytes / 4 : bytes, buffer, 0, &values);
  napi_create_int32(env, TF_TensorType(tensor), &dtype);
  napi_create_array_with_length(env, TF_NumDims(tensor), &shape);
  for (int i = 0; i < TF_NumDims(tensor); i++) {
    napi_value dimension;
    napi_create_int64(env, TF_Dim(tensor, i), &dimension);
    napi_set_element(env, shape, i, dimension);
  }
  napi_create_object(env, &object);
  napi_set_named_property(env, object, "dtype", dtype);
  napi_set_named_property(env, object, "shape", shape);
  napi_set_named_property(env, object, "values", values);
  return object;
}

napi_value CopyOf(napi_env env, const TF_Buffer* bytes) {
  void* data = nullptr;
  napi_value buffer, array;
  napi_create_arraybuffer(env, bytes->length, &data, &buffer);
  if (bytes->length) std::memcpy(data, bytes->data, bytes->length);
  napi_create_typedarray(env, napi_uint8_array, bytes->length, buffer, 0, &array);
  return array;
}

// ---- The functions that JavaScript calls.

napi_value OpDefinitions(napi_env env, napi_callback_info) {
  Buffer list(TF_GetAllOpList());
  return CopyOf(env, list.get());
}

napi_value CreateSession(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value arguments[1];
  napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr);
  void* config = nullptr;
  size_t bytes = 0;
  if (!BytesOf(env, arguments[0], &config, &bytes)) return nullptr;

  Status status(TF_NewStatus());
  std::unique_ptr<TF_SessionOptions, OptionsDeleter> options(TF_NewSessionOptions());
  if (bytes) TF_SetConfig(options.get(), config, bytes, status.get());
  if (Failed(env, status)) return nullptr;
  auto session = std::make_shared<Session>();
  session->graph = TF_NewGraph();
  session->session = TF_NewSession(session->graph, options.get(), status.get());
  if (Failed(env, status)) return nullptr;
  return ExternalOf(env, std::move(session));
}

napi_value ExtendSession(napi_env env, napi_callback_info info) {
  size_t count = 2;
  napi_value arguments[2];
  napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr);
  auto session = HandleOf<Session>(env, arguments[0]);
  void* data = nullptr;
  size_t bytes = 0;
  if (!session || !BytesOf(env, arguments[1], &data, &bytes)) return nullptr;

  Status status(TF_NewStatus());
  Buffer graph(TF_NewBufferFromString(data, bytes));
  std::unique_ptr<TF_ImportGraphDefOptions, ImportDeleter> options(TF_NewImportGraphDefOptions());
  TF_GraphImportGraphDef(session->graph, graph.get(), options.get(), status.get());
  Failed(env, status);
  return nullptr;
}

// "name:index" in the graph; false (with an exception pending) when there is no such operation.
bool FindOutput(napi_env env, TF_Graph* graph, const std::string& name, TF_Output* output) {
  const size_t colon = name.rfind(':');
  output->oper = TF_GraphOperationByName(graph, name.substr(0, colon).c_str());
  output->index = std::stoi(name.substr(colon + 1));
  if (!output->oper) Fail(env, "The graph has no operation " + name + ".");
  return output->oper != nullptr;
}

napi_value Prepare(napi_env env, napi_callback_info info) {
  size_t count = 5;
  napi_value arguments[5];
  napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr);
  auto session = HandleOf<Session>(env, arguments[0]);
  void* options = nullptr;
  size_t bytes = 0;
  if (!session || !BytesOf(env, arguments[4], &options, &bytes)) return nullptr;

  auto callable = std::make_shared<Callable>();
  callable->session = session;
  callable->options.assign(static_cast<char*>(options), static_cast<char*>(options) + bytes);
  TF_Graph* graph = session->graph;
  for (auto [list, argument] : {std::make_pair(&callable->feeds, arguments[1]), std::make_pair(&callable->fetches, arguments[2])}) {
    for (uint32_t i = 0; i < LengthOf(env, argument); i++) {
      TF_Output output;
      if (!FindOutput(env, graph, StringOf(env, ElementOf(env, argument, i)), &output)) return nullptr;
      list->push_back(output);
    }
  }
  for (uint32_t i = 0; i < LengthOf(env, arguments[3]); i++) {
    TF_Output target;
    if (!FindOutput(env, graph, StringOf(env, ElementOf(env, arguments[3], i)) + ":0", &target)) return nullptr;
    callable->targets.push_back(target.oper);
  }
  return ExternalOf(env, std::move(callable));
}

// On a thread of the pool: no JavaScript here.
void Execute(napi_env, void* data) {
  Run* run = static_cast<Run*>(data);
  Callable& callable = *run->callable;
  std::vector<TF_Tensor*> inputs, outputs(callable.fetches.size(), nullptr);
  for (auto& input : run->inputs) inputs.push_back(input.get());
  Buffer options(callable.options.empty() ? nullptr : TF_NewBufferFromString(callable.options.data(), callable.options.size()));
  TF_SessionRun(callable.session->session, options.get(),                                   //
                callable.feeds.data(), inputs.data(), static_cast<int>(inputs.size()),      //
                callable.fetches.data(), outputs.data(), static_cast<int>(outputs.size()),  //
                callable.targets.data(), static_cast<int>(callable.targets.size()),         //
                run->metadata.get(), run->status.get());
  for (auto* output : outputs) run->outputs.emplace_back(output);
}

// Back on the main thread: settles the promise.
void Complete(napi_env env, napi_status, void* data) {
  std::unique_ptr<Run> run(static_cast<Run*>(data));
  const TF_Code code = TF_GetCode(run->status.get());
  if (code == TF_OK && run->metadata) {
    napi_resolve_deferred(env, run->deferred, CopyOf(env, run->metadata.get()));
  } else if (code == TF_OK) {
    napi_value outputs;
    napi_create_array_with_length(env, run->outputs.size(), &outputs);
    for (uint32_t i = 0; i < run->outputs.size(); i++) napi_set_element(env, outputs, i, ValueOf(env, run->outputs[i].get()));
    napi_resolve_deferred(env, run->deferred, outputs);
  } else {
    napi_value message, codeText, error;
    napi_create_string_utf8(env, TF_Message(run->status.get()), NAPI_AUTO_LENGTH, &message);
    napi_create_string_utf8(env, std::to_string(code).c_str(), NAPI_AUTO_LENGTH, &codeText);
    napi_create_error(env, codeText, message, &error);
    napi_reject_deferred(env, run->deferred, error);
  }
  napi_delete_async_work(env, run->work);
}

napi_value Start(napi_env env, napi_callback_info info, bool traced) {
  size_t count = 2;
  napi_value arguments[2];
  napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr);
  auto callable = HandleOf<Callable>(env, arguments[0]);
  if (!callable) return nullptr;

  auto run = std::make_unique<Run>();
  run->callable = callable;
  if (traced) run->metadata.reset(TF_NewBuffer());
  const uint32_t given = LengthOf(env, arguments[1]);
  if (given != run->callable->feeds.size()) return Fail(env, "The number of fed tensors is not the callable's.");
  for (uint32_t i = 0; i < given; i++) {
    Tensor tensor = TensorOf(env, ElementOf(env, arguments[1], i));
    if (!tensor) return nullptr;
    run->inputs.push_back(std::move(tensor));
  }
  napi_value promise, name;
  napi_create_promise(env, &run->deferred, &promise);
  napi_create_string_utf8(env, "TF_SessionRun", NAPI_AUTO_LENGTH, &name);
  napi_create_async_work(env, nullptr, name, Execute, Complete, run.get(), &run->work);
  napi_queue_async_work(env, run->work);
  run.release();  // Complete takes it over
  return promise;
}

napi_value RunCallable(napi_env env, napi_callback_info info) { return Start(env, info, false); }

napi_value Trace(napi_env env, napi_callback_info info) { return Start(env, info, true); }

napi_value Release(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value arguments[1];
  napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr);
  void* handle = nullptr;
  if (napi_get_value_external(env, arguments[0], &handle) == napi_ok) static_cast<std::shared_ptr<void>*>(handle)->reset();
  return nullptr;
}

}  // namespace

NAPI_MODULE_INIT() {
  const std::pair<const char*, napi_callback> functions[] = {{"opDefinitions", OpDefinitions},
                                                             {"createSession", CreateSession},
                                                             {"extendSession", ExtendSession},
                                                             {"prepare", Prepare},
                                                             {"run", RunCallable},
                                                             {"trace", Trace},
                                                             {"release", Release}};
  for (auto [name, function] : functions) {
    napi_value value;
    napi_create_function(env, name, NAPI_AUTO_LENGTH, function, nullptr, &value);
    napi_set_named_property(env, exports, name, value);
  }
  return exports;
}
