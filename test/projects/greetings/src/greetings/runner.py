from tilebox.workflows import Runner

from greetings.tasks import Greet, GreetAll

runner = Runner(tasks=[Greet, GreetAll])
